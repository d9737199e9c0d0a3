import { sql } from '../database/database.js';

export const MOVING_ORDERS_TABLE = 'CREATE TABLE pg_temp.moving_order (order_id bigint PRIMARY KEY)';

/**
 * Everything that is not committed yet in this database will be by this transaction or a later one.
 *
 * A snapshot speaks for the whole cluster: there, a long transaction of somebody else's database would make every order count as
 * moving. So only the sessions of this database are asked, after the statement's snapshot: whoever has no number then gets
 * a later one than the snapshot's end. Sessions that hide theirs (another user's) are answered with the cluster's oldest.
 */
export const OLDEST_WRITER = sql(
  'audit.oldest-writer',
  `WITH here AS MATERIALIZED (
     SELECT backend_xid AS xid, query = '<insufficient privilege>' AS hidden FROM pg_stat_activity
     WHERE datname = current_database() AND usesysid IS NOT NULL AND backend_type IS DISTINCT FROM 'autovacuum worker'
     UNION ALL
     SELECT transaction, false FROM pg_prepared_xacts WHERE database = current_database()
   ), bound AS (
     SELECT xid FROM here WHERE xid IS NOT NULL
     UNION ALL
     SELECT (pg_snapshot_xmax(pg_current_snapshot())::text::bigint & 4294967295)::text::xid
     UNION ALL
     SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::bigint & 4294967295)::text::xid FROM here WHERE hidden
   )
   SELECT xid::text FROM bound ORDER BY age(xid) DESC LIMIT 1`,
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
