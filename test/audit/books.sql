-- The books of a small shop in the middle of its day. At rest: orders 1 to 4 and 6. Under way: the payment of order 5, the
-- release of the cancelled order 7, the hold of order 8 that is being placed, and the ranking of order 6.
-- Each statement writes and reads one domain only, so that each domain can have a database of its own.

INSERT INTO shop_user.account (id, email, password_hash, role, balance) OVERRIDING SYSTEM VALUE VALUES
  (1, 'operator@example.com', '-', 'operator', 0),
  (2, 'ann@example.com', '-', 'customer', 6200),
  (3, 'bob@example.com', '-', 'customer', 4500);

INSERT INTO shop_user.ledger_entry (id, user_id, amount, before_amount, after_amount, code, contra_account, payment_id, actor_id) OVERRIDING SYSTEM VALUE VALUES
  (1, 2, 10000, 0, 10000, 'CHARGE', 'external-funds', NULL, 1),
  (2, 3, 5000, 0, 5000, 'CHARGE', 'external-funds', NULL, 1),
  (3, 2, -1800, 10000, 8200, 'PAYMENT', 'sales', 1, NULL),
  (4, 3, -1000, 5000, 4000, 'PAYMENT', 'sales', 3, NULL),
  (5, 3, 1000, 4000, 5000, 'REFUND', 'sales', 3, NULL),
  (6, 3, -500, 5000, 4500, 'PAYMENT', 'sales', 5, NULL),
  (7, 2, -2000, 8200, 6200, 'PAYMENT', 'sales', 2, NULL);

INSERT INTO shop_product.product (product_id, name, category, price) OVERRIDING SYSTEM VALUE VALUES
  (1, 'Teapot', 'kitchen', 1000),
  (2, 'Cup', 'kitchen', 500);

INSERT INTO shop_product.product_option (product_option_id, product_id, name, stock, reserved) OVERRIDING SYSTEM VALUE VALUES
  (1, 1, 'blue', 47, 6),
  (2, 2, 'white', 26, 0);

INSERT INTO shop_product.stock_receipt (product_option_id, quantity, operator_id) VALUES (1, 40, 1), (2, 30, 1), (1, 10, 1);

INSERT INTO shop_order.orders
  (order_id, user_id, status, total_amount, discount_amount, final_amount, currency, coupon_id, payment_id, expires_at, paid_at) VALUES
  (1, 2, 'PAID', 2000, 200, 1800, 'KRW', 1, 1, '2026-03-01 23:40Z', '2026-03-01 23:30Z'),
  (2, 2, 'PAID', 2000, 0, 2000, 'KRW', NULL, 2, '2026-03-02 00:40Z', '2026-03-02 00:30Z'),
  (3, 3, 'PENDING', 1000, NULL, NULL, 'KRW', NULL, NULL, '2999-01-01Z', NULL),
  (4, 3, 'EXPIRED', 1500, NULL, NULL, 'KRW', NULL, NULL, '2026-03-01 12:00Z', NULL),
  (5, 3, 'PAYMENT_PROCESSING', 500, NULL, NULL, 'KRW', NULL, NULL, '2999-01-01Z', NULL),
  (6, 3, 'PAID', 500, 500, 0, 'KRW', 2, 6, '2026-03-02 00:50Z', '2026-03-02 00:45Z'),
  (7, 2, 'CANCELLED', 4000, NULL, NULL, 'KRW', NULL, NULL, '2999-01-01Z', NULL);

INSERT INTO shop_order.order_line (order_id, line, product_option_id, product_id, name, price, quantity, subtotal) VALUES
  (1, 1, 1, 1, 'Teapot, blue', 1000, 2, 2000),
  (2, 1, 1, 1, 'Teapot, blue', 1000, 1, 1000),
  (2, 2, 2, 2, 'Cup, white', 500, 2, 1000),
  (3, 1, 1, 1, 'Teapot, blue', 1000, 1, 1000),
  (4, 1, 2, 2, 'Cup, white', 500, 3, 1500),
  (5, 1, 2, 2, 'Cup, white', 500, 1, 500),
  (6, 1, 2, 2, 'Cup, white', 500, 1, 500),
  (7, 1, 1, 1, 'Teapot, blue', 1000, 4, 4000);

INSERT INTO shop_order.payment_attempt
  (payment_id, order_id, user_id, coupon_id, total_amount, state, lease_until, deadline_at, refusal, finished_at) OVERRIDING SYSTEM VALUE VALUES
  (1, 1, 2, 1, 2000, 'PAID', '2026-03-02Z', '2026-03-02Z', NULL, '2026-03-01 23:30Z'),
  (2, 2, 2, NULL, 2000, 'PAID', '2026-03-02Z', '2026-03-02Z', NULL, '2026-03-02 00:30Z'),
  (3, 3, 3, NULL, 1000, 'REFUSED', '2026-03-02Z', '2026-03-02Z', '{"code": "PAYMENT_TIMEOUT", "message": "too late"}', '2026-03-02Z'),
  (5, 5, 3, NULL, 500, 'RUNNING', '2999-01-01Z', '2999-01-01Z', NULL, NULL),
  (6, 6, 3, 2, 500, 'PAID', '2026-03-02Z', '2026-03-02Z', NULL, '2026-03-02 00:45Z');

INSERT INTO shop_product.stock_hold (order_id, product_option_id, quantity, expires_at, payment_id, state) VALUES
  (1, 1, 2, '2026-03-01 23:40Z', 1, 'CONFIRMED'),
  (2, 1, 1, '2026-03-02 00:40Z', 2, 'CONFIRMED'),
  (2, 2, 2, '2026-03-02 00:40Z', 2, 'CONFIRMED'),
  (3, 1, 1, '2999-01-01Z', NULL, 'HELD'),
  (4, 2, 3, '2026-03-01 12:00Z', NULL, 'RELEASED'),
  (5, 2, 1, '2999-01-01Z', 5, 'CONFIRMED'),
  (6, 2, 1, '2026-03-02 00:50Z', 6, 'CONFIRMED'),
  (7, 1, 4, '2999-01-01Z', NULL, 'HELD'),
  (8, 1, 1, '2999-01-01Z', NULL, 'HELD'),
  -- An order that was refused, or lost in a crash.
  (9, 1, 1, '2026-03-01 12:00Z', NULL, 'RELEASED');

INSERT INTO shop_coupon.coupon (id, name, discount_rate, quantity, issued, starts_at, expires_at) OVERRIDING SYSTEM VALUE VALUES
  (1, 'Spring', 10, 100, 2, '2026-01-01Z', '2999-01-01Z'),
  (2, 'A gift', 100, 1, 1, '2026-01-01Z', '2999-01-01Z');

INSERT INTO shop_coupon.user_coupon (id, coupon_id, user_id, admission, state, order_id, payment_id, used_at) OVERRIDING SYSTEM VALUE VALUES
  (1, 1, 2, 1, 'USED', 1, 1, '2026-03-01 23:30Z'),
  (2, 1, 3, 2, 'AVAILABLE', NULL, NULL, NULL),
  (3, 2, 3, 1, 'USED', 6, 6, '2026-03-02 00:45Z');

INSERT INTO shop_order.event_log (topic, shard, position, event_id, subject, dataschema, time, data)
SELECT topic, subject % 16, 1, subject::text, subject::text, topic || '.v1', CASE topic WHEN 'order.processed' THEN '2026-03-02Z' ELSE now() END, '{}'
FROM (VALUES ('order.processed', 1), ('order.processed', 2), ('order.processed', 6), ('order.expired', 4), ('order.cancelled', 7)) AS e (topic, subject);

INSERT INTO shop_order.event_log_head (topic, shard, next_position)
SELECT topic, shard, 1 + (SELECT count(*) FROM shop_order.event_log e WHERE e.topic = t.topic AND e.shard = s.shard)
FROM unnest(ARRAY['order.processed', 'order.expired', 'order.cancelled']) AS t (topic), generate_series(0, 15) AS s (shard);

INSERT INTO shop_product.event_cursor (subscriber, topic, source, shard, position)
SELECT CASE topic WHEN 'order.processed' THEN 'product.rank-sales' ELSE 'product.release-stock' END, topic, 'order', shard,
       CASE WHEN (topic, shard) IN (('order.processed', 1), ('order.processed', 2), ('order.expired', 4)) THEN 1 ELSE 0 END
FROM unnest(ARRAY['order.processed', 'order.expired', 'order.cancelled']) AS t (topic), generate_series(0, 15) AS s (shard);

INSERT INTO shop_order.event_cursor (subscriber, topic, source, shard, position)
SELECT 'order.data-platform', topic, 'order', shard, next_position - 1 FROM shop_order.event_log_head WHERE topic = 'order.processed';

INSERT INTO shop_product.daily_sales (day, product_id, units, last_sold_at) VALUES
  ('2026-03-01', 1, 2, '2026-03-01 23:30Z'),
  ('2026-03-02', 1, 1, '2026-03-02 00:30Z'),
  ('2026-03-02', 2, 2, '2026-03-02 00:30Z');

INSERT INTO shop_order.data_platform_ack (order_id, event_id, adapter)
SELECT order_id, 'order.processed:' || order_id, 'file' FROM unnest(ARRAY[1, 2, 6]) AS e (order_id);
