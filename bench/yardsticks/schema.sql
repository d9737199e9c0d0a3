-- The same shop as one schema, as one would write it by hand for transactions that do everything at once: the same rows,
-- keys, indexes and free space in the pages, and no saga, no journal, no event but one.

CREATE TABLE product_option (
  product_option_id bigint PRIMARY KEY,
  name              text   NOT NULL,
  price             bigint NOT NULL,
  stock             bigint NOT NULL CHECK (stock >= 0),
  reserved          bigint NOT NULL DEFAULT 0 CHECK (reserved BETWEEN 0 AND stock)
) WITH (fillfactor = 50);

CREATE TABLE account (
  user_id bigint PRIMARY KEY,
  balance bigint NOT NULL CHECK (balance >= 0),
  version bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE orders (
  order_id     bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id      bigint      NOT NULL,
  status       text        NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'PAYMENT_PROCESSING', 'PAID')),
  total_amount bigint      NOT NULL,
  final_amount bigint,
  coupon_id    bigint,
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL DEFAULT now() + interval '10 minutes',
  paid_at      timestamptz
) WITH (fillfactor = 80);
CREATE INDEX orders_of_user ON orders (user_id, order_id DESC);
CREATE INDEX orders_to_expire ON orders (expires_at) WHERE status = 'PENDING';

CREATE TABLE order_line (
  order_id          bigint NOT NULL REFERENCES orders,
  line              integer NOT NULL,
  product_option_id bigint NOT NULL,
  name              text   NOT NULL,
  price             bigint NOT NULL,
  quantity          bigint NOT NULL,
  PRIMARY KEY (order_id, line)
);

CREATE TABLE stock_hold (
  order_id          bigint      NOT NULL,
  product_option_id bigint      NOT NULL REFERENCES product_option,
  quantity          bigint      NOT NULL,
  expires_at        timestamptz NOT NULL DEFAULT now() + interval '10 minutes',
  PRIMARY KEY (order_id, product_option_id)
) WITH (fillfactor = 90);

CREATE TABLE user_coupon (
  user_coupon_id bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id        bigint      NOT NULL,
  discount_rate  smallint    NOT NULL,
  state          text        NOT NULL DEFAULT 'AVAILABLE' CHECK (state IN ('AVAILABLE', 'USED')),
  order_id       bigint,
  used_at        timestamptz
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX user_coupon_one_per_order ON user_coupon (order_id) WHERE order_id IS NOT NULL;

CREATE TABLE payment (
  payment_id  bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_id    bigint      NOT NULL REFERENCES orders,
  state       text        NOT NULL DEFAULT 'RUNNING' CHECK (state IN ('RUNNING', 'PAID')),
  created_at  timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX payment_of_order ON payment (order_id);

CREATE TABLE ledger_entry (
  entry_id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id       bigint      NOT NULL,
  amount        bigint      NOT NULL,
  before_amount bigint      NOT NULL,
  after_amount  bigint      NOT NULL CHECK (after_amount = before_amount + amount),
  order_id      bigint      NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX ledger_entry_of_order ON ledger_entry (order_id);
CREATE INDEX ledger_entry_history ON ledger_entry (user_id, created_at DESC);

CREATE TABLE event_log (
  position bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic    text        NOT NULL,
  subject  text        NOT NULL,
  time     timestamptz NOT NULL DEFAULT now(),
  data     jsonb       NOT NULL
);
