-- Places one order of one piece: the lock, the hold, the order and its line.
\set option_id random(1, :options)
\set user_id random(1, :users)
BEGIN;
SELECT price FROM product_option WHERE product_option_id = :option_id AND stock - reserved >= 1 FOR UPDATE \gset
UPDATE product_option SET reserved = reserved + 1 WHERE product_option_id = :option_id;
INSERT INTO orders (user_id, total_amount) VALUES (:user_id, :price) RETURNING order_id \gset
INSERT INTO stock_hold (order_id, product_option_id, quantity) VALUES (:order_id, :option_id, 1);
INSERT INTO order_line (order_id, line, product_option_id, name, price, quantity) VALUES (:order_id, 1, :option_id, 'product', :price, 1);
COMMIT;
