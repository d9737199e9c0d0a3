-- What was ordered, by whom, and what became of it: everything else follows from these rows. `growth.size` says how many.
-- All is drawn by hash from the number of the order, so the same sizes give the same shop.

CREATE FUNCTION growth.chance(number bigint, draw bigint) RETURNS float8 IMMUTABLE LANGUAGE sql
RETURN (hashint8extended(number, draw) & 9007199254740991) / 9007199254740992.0::float8;

CREATE FUNCTION growth.product_of(option_id bigint) RETURNS bigint IMMUTABLE LANGUAGE sql
RETURN (option_id + 1) / 2;

CREATE FUNCTION growth.price_of(option_id bigint) RETURNS bigint IMMUTABLE LANGUAGE sql
RETURN 1000 + 100 * (growth.product_of(option_id) * 7919 % 500);

CREATE FUNCTION growth.name_of(option_id bigint) RETURNS text STABLE LANGUAGE sql
RETURN format('Product %s (option %s)', growth.product_of(option_id), option_id);

CREATE FUNCTION growth.item(option_id bigint, quantity integer) RETURNS text STABLE LANGUAGE sql
RETURN format('{"name": "%s", "price": %s, "quantity": %s, "subtotal": %s, "productId": %s, "productOptionId": %s}', growth.name_of(option_id),
              growth.price_of(option_id), quantity, quantity * growth.price_of(option_id), growth.product_of(option_id), option_id);

CREATE FUNCTION growth.items(first_option_id bigint, quantity integer, second_option_id bigint) RETURNS text STABLE LANGUAGE sql
RETURN '[' || growth.item(first_option_id, quantity)
       || CASE WHEN second_option_id IS NULL THEN '' ELSE ', ' || growth.item(second_option_id, 1) END || ']';

CREATE FUNCTION growth.iso(instant timestamptz) RETURNS text STABLE LANGUAGE sql
RETURN to_char(instant AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

-- Squared: few customers order much, and few products sell well. Number 1 is the operator, so customers begin at 2.
CREATE VIEW growth.drawn AS
SELECT number AS order_id,
       2 + floor(users * growth.chance(number, 1) ^ 2)::bigint AS user_id,
       1 + floor(options * growth.chance(number, 2) ^ 2)::bigint AS first_option_id,
       CASE WHEN number % 3 = 0 THEN 1 + (1 + floor(options * growth.chance(number, 2) ^ 2)::bigint) % options END AS second_option_id,
       1 + floor(3 * growth.chance(number, 3))::integer AS quantity,
       CASE WHEN growth.chance(number, 4) < 0.90 THEN 'PAID' WHEN growth.chance(number, 4) < 0.97 THEN 'EXPIRED' ELSE 'CANCELLED' END AS status,
       growth.chance(number, 5) < 0.10 AS with_coupon,
       date_trunc('milliseconds', until - (orders - number) * (interval '365 days' / orders)) AS created_at
FROM growth.size, generate_series(1, orders) AS number;

-- A customer's n-th use of a coupon is one of the n-th kind: at most one of a kind each.
CREATE UNLOGGED TABLE growth.coupon_used AS
SELECT order_id, user_id, row_number() OVER (PARTITION BY user_id ORDER BY order_id) AS coupon_id
FROM growth.drawn WHERE with_coupon AND status = 'PAID';

-- And every tenth customer has one of a last kind, not used yet.
CREATE UNLOGGED TABLE growth.welcomed AS
SELECT user_id, 1 + (SELECT coalesce(max(coupon_id), 0) FROM growth.coupon_used) AS coupon_id
FROM growth.size, generate_series(2, users + 1, 10) AS user_id;

CREATE UNLOGGED TABLE growth.placed AS
SELECT order_id, user_id, status, first_option_id, second_option_id, quantity, coupon_id, total_amount,
       CASE WHEN coupon_id IS NULL THEN 0 ELSE total_amount / 10 END AS discount_amount,
       total_amount - CASE WHEN coupon_id IS NULL THEN 0 ELSE total_amount / 10 END AS final_amount,
       created_at, created_at + interval '10 minutes' AS expires_at, created_at + interval '1 minute' AS ended_at
FROM (
  SELECT d.*, u.coupon_id,
         quantity * growth.price_of(first_option_id) + coalesce(growth.price_of(second_option_id), 0) AS total_amount
  FROM growth.drawn d LEFT JOIN growth.coupon_used u USING (order_id)
) priced;

CREATE VIEW growth.placed_line AS
SELECT order_id, status, ended_at, expires_at, line, option_id, line_quantity AS quantity
FROM growth.placed
CROSS JOIN LATERAL (VALUES (1, first_option_id, quantity), (2, second_option_id, 1)) AS l (line, option_id, line_quantity)
WHERE option_id IS NOT NULL;

CREATE UNLOGGED TABLE growth.sold AS
SELECT (ended_at AT TIME ZONE 'UTC')::date AS day, option_id, sum(quantity) AS quantity, max(ended_at) AS last_sold_at
FROM growth.placed_line WHERE status = 'PAID' GROUP BY day, option_id;

-- The durable events of these orders, in the order of the log. The shop has kept those of the last seven days.
CREATE UNLOGGED TABLE growth.ended AS
SELECT 'order.' || CASE status WHEN 'PAID' THEN 'processed' ELSE lower(status) END AS topic, order_id % 16 AS shard, order_id, ended_at,
       ended_at > until - interval '7 days' AS kept,
       row_number() OVER (PARTITION BY status, order_id % 16 ORDER BY order_id) AS position
FROM growth.placed, growth.size;

CREATE UNLOGGED TABLE growth.head AS
SELECT source, topic, shard, count(number) AS last, count(number) FILTER (WHERE NOT kept) AS gone
FROM (VALUES ('order', 'order.processed'), ('order', 'order.expired'), ('order', 'order.cancelled'), ('product', 'product.changed')) AS t (source, topic)
CROSS JOIN generate_series(0, 15) AS shard
LEFT JOIN (
  SELECT topic, shard, order_id AS number, kept FROM growth.ended
  UNION ALL
  SELECT 'product.changed', product_id % 16, product_id, false FROM growth.size, generate_series(1, (options + 1) / 2) AS product_id
) event USING (topic, shard)
GROUP BY source, topic, shard;

ANALYZE growth.coupon_used, growth.placed, growth.sold, growth.ended;
