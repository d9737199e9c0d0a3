-- The same payment as five steps, each committed: begin, confirm the stock, use the coupon, charge, finish. Nothing would resume it after a crash.
\set turn :turn + 1
\set order_id :first_order + :client_id * :orders_each + :turn
\set coupon_id :first_coupon + (:client_id * :orders_each + :turn) / 2
\set option_id 1 + :order_id * 30817 % 65521 % :options
\set user_id 1 + :order_id * 48271 % 65537 % :users
\set with_coupon :coupons * (1 - (:client_id * :orders_each + :turn) % 2)
\set amount 10 - 5 * :with_coupon
\set change 0 - :amount
BEGIN;
UPDATE orders SET status = 'PAYMENT_PROCESSING' WHERE order_id = :order_id AND status = 'PENDING';
INSERT INTO payment (order_id) VALUES (:order_id) RETURNING payment_id \gset
COMMIT;
UPDATE product_option SET stock = stock - 1, reserved = reserved - 1 WHERE product_option_id = :option_id;
\if :with_coupon
UPDATE user_coupon SET state = 'USED', order_id = :order_id, used_at = now() WHERE user_coupon_id = :coupon_id AND state = 'AVAILABLE';
\endif
BEGIN;
UPDATE account SET balance = balance - :amount, version = version + 1 WHERE user_id = :user_id AND balance >= :amount RETURNING balance AS after_amount \gset
\set before_amount :after_amount + :amount
INSERT INTO ledger_entry (user_id, amount, before_amount, after_amount, order_id) VALUES (:user_id, :change, :before_amount, :after_amount, :order_id);
COMMIT;
BEGIN;
UPDATE orders SET status = 'PAID', final_amount = :amount, paid_at = now() WHERE order_id = :order_id AND status = 'PAYMENT_PROCESSING';
UPDATE payment SET state = 'PAID', finished_at = now() WHERE payment_id = :payment_id;
INSERT INTO event_log (topic, subject, data) VALUES ('order.processed', :order_id, jsonb_build_object('orderId', :order_id::bigint, 'userId', :user_id::bigint, 'productOptionId', :option_id::bigint, 'finalAmount', :amount::bigint));
COMMIT;
