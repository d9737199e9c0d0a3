-- Up Migration

CREATE SEQUENCE shop_order.order_id;

CREATE TABLE shop_order.orders (
  order_id        bigint      PRIMARY KEY,
  user_id         bigint      NOT NULL,
  status          text        NOT NULL CHECK (status IN ('PENDING', 'PAYMENT_PROCESSING', 'PAID', 'EXPIRED', 'CANCELLED')),
  total_amount    bigint      NOT NULL CHECK (total_amount BETWEEN 0 AND 9007199254740991),
  discount_amount bigint      CHECK (discount_amount BETWEEN 0 AND total_amount),
  final_amount    bigint      CHECK (final_amount = total_amount - discount_amount),
  currency        text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  coupon_id       bigint,
  payment_id      bigint,
  created_at      timestamptz NOT NULL DEFAULT now(),
  expires_at      timestamptz NOT NULL,
  paid_at         timestamptz,
  CHECK ((status = 'PAID') = (paid_at IS NOT NULL)),
  CHECK ((status = 'PAID') = (final_amount IS NOT NULL)),
  CHECK ((status = 'PAID') = (payment_id IS NOT NULL))
) WITH (fillfactor = 80);

CREATE INDEX orders_of_user ON shop_order.orders (user_id, order_id DESC);
CREATE INDEX orders_of_user_by_status ON shop_order.orders (user_id, status, order_id DESC);
CREATE INDEX orders_to_expire ON shop_order.orders (expires_at) WHERE status = 'PENDING';

-- The order that a customer's Idempotency-Key stands for: a repetition after a crash finds its own hold and its own order.
CREATE TABLE shop_order.order_request (
  user_id         bigint      NOT NULL,
  idempotency_key text        NOT NULL CHECK (char_length(idempotency_key) BETWEEN 1 AND 255),
  order_id        bigint      NOT NULL UNIQUE,
  created_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, idempotency_key)
);

CREATE TABLE shop_order.order_line (
  order_id          bigint  NOT NULL REFERENCES shop_order.orders,
  line              integer NOT NULL CHECK (line > 0),
  product_option_id bigint  NOT NULL,
  product_id        bigint  NOT NULL,
  name              text    NOT NULL,
  price             bigint  NOT NULL CHECK (price BETWEEN 0 AND 9007199254740991),
  quantity          bigint  NOT NULL CHECK (quantity > 0),
  subtotal          bigint  NOT NULL CHECK (subtotal = price * quantity),
  PRIMARY KEY (order_id, line)
);

CREATE TABLE shop_order.payment_attempt (
  payment_id            bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  order_id              bigint      NOT NULL REFERENCES shop_order.orders,
  user_id               bigint      NOT NULL,
  coupon_id             bigint,
  total_amount          bigint      NOT NULL,
  state                 text        NOT NULL DEFAULT 'RUNNING' CHECK (state IN ('RUNNING', 'ROLLING_BACK', 'REFUSED', 'PAID')),
  -- Who carries the payment out must finish or renew before this time; then anybody may take over.
  lease_until           timestamptz NOT NULL,
  -- A payment that somebody does not answer is given up and rolled back after this time.
  deadline_at           timestamptz NOT NULL,
  steps                 jsonb       NOT NULL DEFAULT '[]',
  refusal               jsonb,
  compensations_awaited text[]      NOT NULL DEFAULT '{}',
  compensations_reported text[]     NOT NULL DEFAULT '{}',
  remaining_balance     bigint,
  created_at            timestamptz NOT NULL DEFAULT now(),
  finished_at           timestamptz,
  CHECK ((state IN ('REFUSED', 'PAID')) = (finished_at IS NOT NULL)),
  CHECK (state <> 'REFUSED' OR refusal IS NOT NULL)
) WITH (fillfactor = 80);

-- At most one payment of an order is under way.
CREATE UNIQUE INDEX payment_attempt_under_way ON shop_order.payment_attempt (order_id) WHERE state IN ('RUNNING', 'ROLLING_BACK');
CREATE INDEX payment_attempts_of_order ON shop_order.payment_attempt (order_id, payment_id DESC);
CREATE INDEX payment_attempts_by_lease ON shop_order.payment_attempt (lease_until) WHERE state = 'RUNNING';

-- Locks with a time to live. Unlogged: after a crash nobody holds one, and nothing waits for the disk.
CREATE UNLOGGED TABLE shop_order.lock (
  name       text        PRIMARY KEY,
  token      text        NOT NULL,
  expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Down Migration

DROP TABLE shop_order.lock;
DROP TABLE shop_order.payment_attempt;
DROP TABLE shop_order.order_line;
DROP TABLE shop_order.order_request;
DROP TABLE shop_order.orders;
DROP SEQUENCE shop_order.order_id;
