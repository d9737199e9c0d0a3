import { sql } from '../database/database.js';

export const MOVING_ORDERS_TABLE = 'CREATE TABLE pg_temp.moving_order (order_id bigint PRIMARY KEY)';

/** Everything that is not committed yet will be by this transaction or a later one. */
export const OLDEST_WRITER = sql(
  'audit.oldest-writer',
  `SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::bigint & 4294967295)::text AS xid`,
);

// F4. The age of a row counts the transactions since it was written. A row that is no older than the oldest writer of step 1
// may have been committed since, so it counts as moving. (Rows whose number has come round again have an age below zero.)
export const MOVING_ORDERS = sql(
  'audit.moving-orders',
  `INSERT INTO pg_temp.moving_order (order_id)
   SELECT order_id FROM shop_order.orders WHERE age(xmin) BETWEEN 0 AND (SELECT age($1::text::xid))
   UNION
   SELECT order_id FROM shop_order.payment_attempt WHERE age(xmin) BETWEEN 0 AND (SELECT age($1::text::xid))`,
);
