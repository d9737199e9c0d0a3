import { BY_INDEX } from '../../database/by-index.js';
import { sql } from '../../database/database.js';

/** Whoever carries a payment out has this long before somebody else may take it over. */
const LEASE = `interval '10 seconds'`;
/** A payment that is not through by then is given up and rolled back. */
const DEADLINE = `interval '60 seconds'`;

export const NEXT_ORDER_IDS = sql('order.next-ids', `SELECT nextval('shop_order.order_id') AS id FROM generate_series(1, $1::int)`);

// The update changes nothing; it makes the row that is there come back. Of equal keys in one batch the first counts: one
// statement cannot touch a row twice.
export const ORDER_IDS_OF_REQUESTS = sql(
  'order.ids-of-requests',
  `INSERT INTO shop_order.order_request AS r (user_id, idempotency_key, order_id)
   SELECT DISTINCT ON (user_id, idempotency_key) user_id, idempotency_key, order_id
   FROM unnest($1::bigint[], $2::text[], $3::bigint[]) WITH ORDINALITY AS a (user_id, idempotency_key, order_id, nth)
   ORDER BY user_id, idempotency_key, nth
   ON CONFLICT (user_id, idempotency_key) DO UPDATE SET order_id = r.order_id
   RETURNING user_id, idempotency_key, order_id`,
);

// In order of their ids: a row that another transaction is inserting is waited for like a lock.
export const INSERT_ORDERS = sql(
  'order.insert',
  `WITH placed AS (
     INSERT INTO shop_order.orders (order_id, user_id, status, total_amount, currency, expires_at)
     SELECT order_id, user_id, 'PENDING', total_amount, $4, expires_at
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $5::timestamptz[]) AS o (order_id, user_id, total_amount, expires_at)
     ORDER BY order_id
     ON CONFLICT (order_id) DO NOTHING
     RETURNING order_id, created_at, currency
   ), lines AS (
     INSERT INTO shop_order.order_line (order_id, line, product_option_id, product_id, name, price, quantity, subtotal)
     SELECT l.*
     FROM unnest($6::bigint[], $7::int[], $8::bigint[], $9::bigint[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[])
       AS l (order_id, line, product_option_id, product_id, name, price, quantity, subtotal)
     JOIN placed USING (order_id)
   )
   SELECT order_id, created_at, currency FROM placed
   UNION ALL
   SELECT order_id, created_at, currency FROM shop_order.orders WHERE order_id = ANY ($1::bigint[])`,
);

// Orders first, in id order, then attempts: the one lock order of this domain.
export const LOCK_ORDERS = sql(
  'order.lock',
  `SELECT order_id, user_id, status, total_amount, expires_at <= now() AS past_deadline
   FROM shop_order.orders WHERE order_id = ANY ($1::bigint[])
   ORDER BY order_id FOR UPDATE`,
);

export const SET_STATUS = sql('order.set-status', `UPDATE shop_order.orders SET status = $2 WHERE order_id = ANY ($1::bigint[])`);

export const EXPIRE_ORDERS = sql(
  'order.expire',
  `UPDATE shop_order.orders SET status = 'EXPIRED'
   WHERE order_id IN (
     SELECT order_id FROM shop_order.orders
     WHERE status = 'PENDING' AND expires_at <= now()
     ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED
   )
   RETURNING order_id, user_id`,
);

export const BEGIN_PAYMENTS = sql(
  'order.begin-payments',
  `WITH moved AS (
     UPDATE shop_order.orders SET status = 'PAYMENT_PROCESSING' WHERE order_id = ANY ($1::bigint[])
     RETURNING order_id, user_id, total_amount
   )
   INSERT INTO shop_order.payment_attempt (order_id, user_id, coupon_id, total_amount, lease_until, deadline_at)
   SELECT m.order_id, m.user_id, r.coupon_id, m.total_amount, now() + ${LEASE}, now() + ${DEADLINE}
   FROM moved m JOIN unnest($1::bigint[], $2::bigint[]) AS r (order_id, coupon_id) USING (order_id)
   RETURNING payment_id, order_id, user_id, coupon_id, total_amount`,
);

export const LOCK_ATTEMPTS = sql(
  'order.lock-attempts',
  `SELECT payment_id, order_id, state, refusal, compensations_awaited, compensations_reported
   FROM shop_order.payment_attempt WHERE payment_id = ANY ($1::bigint[])
   ORDER BY payment_id FOR UPDATE`,
);

// ANY says twice what the join says: by it the attempts are found by their key, even while they are few.
export const FINISH_PAYMENTS = sql(
  'order.finish-payments',
  `WITH finished AS (
     UPDATE shop_order.payment_attempt a
     SET state = 'PAID', finished_at = now(), steps = p.steps, remaining_balance = p.remaining_balance
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::jsonb[])
       AS p (payment_id, discount_amount, final_amount, remaining_balance, steps)
     WHERE a.payment_id = ANY ($1::bigint[]) AND a.payment_id = p.payment_id AND a.state = 'RUNNING'
     RETURNING a.payment_id, a.order_id, a.coupon_id, p.discount_amount, p.final_amount
   )
   UPDATE shop_order.orders o
   SET status = 'PAID', paid_at = now(), payment_id = f.payment_id, coupon_id = f.coupon_id,
       discount_amount = f.discount_amount, final_amount = f.final_amount
   FROM finished f WHERE o.order_id = f.order_id
   RETURNING f.payment_id`,
);

export const PAID_ORDERS = sql(
  'order.paid-orders',
  `SELECT o.order_id, o.payment_id, o.coupon_id, o.total_amount, o.discount_amount, o.final_amount, o.currency, o.paid_at, a.remaining_balance,
     (SELECT json_agg(json_build_object('productOptionId', l.product_option_id, 'productId', l.product_id, 'name', l.name,
                                        'price', l.price, 'quantity', l.quantity, 'subtotal', l.subtotal) ORDER BY l.line)
      FROM shop_order.order_line l WHERE l.order_id = o.order_id) AS lines
   FROM unnest($1::bigint[]) WITH ORDINALITY AS paid (payment_id, nth)
   JOIN shop_order.payment_attempt a USING (payment_id)
   JOIN shop_order.orders o USING (order_id, payment_id)
   WHERE ${BY_INDEX}`,
);

export const SAVE_ROLLBACKS = sql(
  'order.save-rollbacks',
  `WITH saved AS (
     UPDATE shop_order.payment_attempt a
     SET state = r.state, refusal = r.refusal,
         compensations_awaited = ARRAY(SELECT jsonb_array_elements_text(r.awaited)),
         compensations_reported = ARRAY(SELECT jsonb_array_elements_text(r.reported)),
         finished_at = CASE WHEN r.state = 'REFUSED' THEN coalesce(a.finished_at, now()) END
     FROM unnest($1::bigint[], $2::text[], $3::jsonb[], $4::jsonb[], $5::jsonb[]) AS r (payment_id, state, refusal, awaited, reported)
     WHERE a.payment_id = ANY ($1::bigint[]) AND a.payment_id = r.payment_id AND a.state IN ('RUNNING', 'ROLLING_BACK')
     RETURNING a.order_id, a.state, a.payment_id
   )
   UPDATE shop_order.orders o SET status = 'PENDING'
   FROM saved s WHERE o.order_id = s.order_id AND s.payment_id = ANY ($6::bigint[])`,
);

export const APPEND_STEPS = sql(
  'order.append-steps',
  `WITH mine AS (
     SELECT payment_id FROM shop_order.payment_attempt WHERE payment_id = ANY ($1::bigint[]) ORDER BY payment_id FOR UPDATE
   )
   UPDATE shop_order.payment_attempt a SET steps = a.steps || r.steps
   FROM mine JOIN unnest($1::bigint[], $2::jsonb[]) AS r (payment_id, steps) USING (payment_id)
   WHERE a.payment_id = ANY ($1::bigint[]) AND a.payment_id = mine.payment_id`,
);

export const PROGRESS = sql(
  'order.payment-progress',
  `SELECT payment_id, state, refusal FROM shop_order.payment_attempt WHERE payment_id = ANY ($1::bigint[])`,
);

export const END_LEASES = sql(
  'order.end-leases',
  `UPDATE shop_order.payment_attempt SET lease_until = now() WHERE finished_at IS NULL AND state = 'RUNNING'`,
);

export const TAKE_OVER = sql(
  'order.take-over-payments',
  `UPDATE shop_order.payment_attempt SET lease_until = now() + ${LEASE}
   WHERE payment_id IN (
     SELECT payment_id FROM shop_order.payment_attempt
     WHERE finished_at IS NULL AND state = 'RUNNING' AND lease_until <= now()
     ORDER BY lease_until LIMIT $1 FOR UPDATE SKIP LOCKED
   )
   RETURNING payment_id, order_id, user_id, coupon_id, total_amount, deadline_at <= now() AS overdue`,
);
