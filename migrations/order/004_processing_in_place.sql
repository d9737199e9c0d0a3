-- Up Migration

-- To the indexes an order that is being paid looks as it did before: PENDING → PAYMENT_PROCESSING (and back) then writes no index.
ALTER TABLE shop_order.orders
  ADD COLUMN listed_as text GENERATED ALWAYS AS (CASE status WHEN 'PAYMENT_PROCESSING' THEN 'PENDING' ELSE status END) STORED,
  ADD COLUMN open_until timestamptz GENERATED ALWAYS AS (CASE WHEN status IN ('PENDING', 'PAYMENT_PROCESSING') THEN expires_at END) STORED;

DROP INDEX shop_order.orders_of_user_by_status;
DROP INDEX shop_order.orders_to_expire;
CREATE INDEX orders_of_user_by_status ON shop_order.orders (user_id, listed_as, order_id DESC);
CREATE INDEX orders_to_expire ON shop_order.orders (open_until) WHERE open_until IS NOT NULL;

-- Down Migration

DROP INDEX shop_order.orders_to_expire;
DROP INDEX shop_order.orders_of_user_by_status;
ALTER TABLE shop_order.orders DROP COLUMN open_until, DROP COLUMN listed_as;
CREATE INDEX orders_of_user_by_status ON shop_order.orders (user_id, status, order_id DESC);
CREATE INDEX orders_to_expire ON shop_order.orders (expires_at) WHERE status = 'PENDING';
