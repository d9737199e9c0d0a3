-- Up Migration

-- The index by status serves the list of all of a customer's orders, too: the newest of each status, and of those the newest.
-- Every change of an order's status enters it into all indexes, and those of customers are as many pages as there are customers.
DROP INDEX shop_order.orders_of_user;

-- Down Migration

CREATE INDEX orders_of_user ON shop_order.orders (user_id, order_id DESC);
