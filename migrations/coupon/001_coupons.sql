-- Up Migration

-- What the shop gives away. `issued` only ever grows, so a coupon that is sold out stays sold out.
CREATE TABLE shop_coupon.coupon (
  id            bigint         GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name          text           NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  -- Percent.
  discount_rate smallint       NOT NULL CHECK (discount_rate BETWEEN 1 AND 100),
  quantity      integer        NOT NULL CHECK (quantity BETWEEN 1 AND 1000000),
  issued        integer        NOT NULL DEFAULT 0,
  -- Milliseconds, because they travel as such: a time that clients send back must still be the same time.
  starts_at     timestamptz(3) NOT NULL,
  expires_at    timestamptz(3) NOT NULL,
  created_at    timestamptz    NOT NULL DEFAULT now(),
  CONSTRAINT coupon_never_over_issued CHECK (issued BETWEEN 0 AND quantity),
  CONSTRAINT coupon_starts_before_it_expires CHECK (starts_at < expires_at)
-- One row takes every admission of a rush: room for its next versions beside it.
) WITH (fillfactor = 50);

-- The list of current coupons, those that end soonest first.
CREATE INDEX coupon_expires_at ON shop_coupon.coupon (expires_at, id);

-- Who got one. No row is ever deleted: having been the n-th is final.
CREATE TABLE shop_coupon.user_coupon (
  id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  coupon_id  bigint      NOT NULL REFERENCES shop_coupon.coupon (id),
  user_id    bigint      NOT NULL,
  -- This customer was the n-th; 1 to coupon.issued without gap.
  admission  integer     NOT NULL CHECK (admission > 0),
  state      text        NOT NULL DEFAULT 'AVAILABLE' CHECK (state IN ('AVAILABLE', 'USED')),
  -- What it was used for. EXPIRED is no state: the clock says it.
  order_id   bigint,
  payment_id bigint,
  used_at    timestamptz,
  issued_at  timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT user_coupon_one_per_customer UNIQUE (coupon_id, user_id),
  CONSTRAINT user_coupon_admission UNIQUE (coupon_id, admission),
  CONSTRAINT user_coupon_used_for_something CHECK (num_nonnulls(order_id, payment_id, used_at) = CASE state WHEN 'USED' THEN 3 ELSE 0 END)
) WITH (fillfactor = 80);

-- A customer's coupons, the latest first.
CREATE INDEX user_coupon_of_user ON shop_coupon.user_coupon (user_id, id DESC);
-- One coupon per order; and the uses of a coupon, counted.
CREATE UNIQUE INDEX user_coupon_one_per_order ON shop_coupon.user_coupon (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX user_coupon_used ON shop_coupon.user_coupon (coupon_id) WHERE state = 'USED';
-- What a compensation looks for.
CREATE UNIQUE INDEX user_coupon_of_payment ON shop_coupon.user_coupon (payment_id) WHERE payment_id IS NOT NULL;

-- Down Migration

DROP TABLE shop_coupon.user_coupon;
DROP TABLE shop_coupon.coupon;
