-- Up Migration

-- Stock set aside for an order, one row per option: HELD → CONFIRMED → RETURNED, or HELD → RELEASED; a failed payment takes
-- CONFIRMED back to HELD. A hold changes only in a transaction that has locked its option.
CREATE TABLE shop_product.stock_hold (
  order_id          bigint      NOT NULL,
  product_option_id bigint      NOT NULL REFERENCES shop_product.product_option,
  quantity          bigint      NOT NULL CHECK (quantity > 0),
  expires_at        timestamptz NOT NULL,
  -- Null once it is held no more: what the sweeper looks for.
  held_until        timestamptz GENERATED ALWAYS AS (CASE WHEN state = 'HELD' THEN expires_at END) STORED,
  -- The payment that confirmed it.
  payment_id        bigint,
  state             text        NOT NULL CHECK (state IN ('HELD', 'CONFIRMED', 'RETURNED', 'RELEASED')),
  PRIMARY KEY (order_id, product_option_id),
  CHECK ((payment_id IS NOT NULL) = (state IN ('CONFIRMED', 'RETURNED')))
) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02);

-- Has only what is still held, so the sweeper's look costs the same after ten million orders. A predicate on the state itself
-- would tempt the planner to use it for the holds of an order, too, and to walk all that is held.
CREATE INDEX stock_hold_held_until ON shop_product.stock_hold (held_until, order_id) WHERE held_until IS NOT NULL;

-- Down Migration

DROP TABLE shop_product.stock_hold;
