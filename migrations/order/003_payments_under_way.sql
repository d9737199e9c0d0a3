-- Up Migration

-- What a payment is doing is no longer said by the predicates of these indexes, or the planner takes them for every statement that
-- asks for RUNNING, and walks all that is under way, and all that was since the last vacuum, to finish one payment.
DROP INDEX shop_order.payment_attempt_under_way;
DROP INDEX shop_order.payment_attempts_by_lease;

-- At most one payment of an order is under way.
CREATE UNIQUE INDEX payment_attempt_under_way ON shop_order.payment_attempt (order_id) WHERE finished_at IS NULL;
CREATE INDEX payment_attempts_by_lease ON shop_order.payment_attempt (lease_until) WHERE finished_at IS NULL;

-- Down Migration

DROP INDEX shop_order.payment_attempts_by_lease;
DROP INDEX shop_order.payment_attempt_under_way;
CREATE UNIQUE INDEX payment_attempt_under_way ON shop_order.payment_attempt (order_id) WHERE state IN ('RUNNING', 'ROLLING_BACK');
CREATE INDEX payment_attempts_by_lease ON shop_order.payment_attempt (lease_until) WHERE state = 'RUNNING';
