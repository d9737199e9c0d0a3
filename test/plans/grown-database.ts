import pg from 'pg';
import { generateShop } from '../../bench/growth/generate-shop.js';
import { freshDatabase, type FreshDatabase } from '../support/database.js';
import { DOMAINS } from '../support/postgres.js';

const SIZE = { orders: 20_000, users: 2_000, options: 200 };
/** The rows of a table that the generated year leaves empty. */
const ROWS_OF_REST = 1_000;
/** Ten million orders, a million customers, a hundred thousand options. */
const TIMES = 500;

/** Tables whose rows are as many as there are topics, days, settings or requests under way, however long the shop is open. Table → of what. */
export const STAYS_SMALL: Readonly<Record<string, string>> = {
  event_log_head: 'topics and shards',
  event_cursor: 'subscribers and shards',
  event_log_epoch: 'days of retention',
  event_log_epoch_start: 'topics, shards, and days of retention',
  sales_day: 'days',
  lock: 'payments under way, with those that crashed in the last seconds',
  gate: 'one row',
  setting: 'settings',
};

/**
 * A database that the planner takes for one with ten million orders, in about two seconds: a small shop is generated and analysed,
 * and then the planner is told that each table has five hundred times the rows. Values that are about as many as the rows become as
 * many more, too. (PostgreSQL takes the pages from the files, so each counts as fuller: an index looks no worse, reading all does.)
 */
export async function grownDatabase(): Promise<FreshDatabase> {
  const database = await freshDatabase();
  await generateShop(database.url, SIZE);
  const session = new pg.Client({ connectionString: database.url });
  await session.connect();
  try {
    await session.query([...DOMAINS.map(restOf), ALERTS, 'ANALYZE'].join(';'));
    await session.query(MORE_VALUES, [TIMES]);
    await session.query(MORE_ROWS, [TIMES, Object.keys(STAYS_SMALL)]);
  } finally {
    await session.end();
  }
  return database;
}

const restOf = (domain: string): string => `
  INSERT INTO shop_${domain}.event_parked (subscriber, topic, source, shard, position, event_id, subject, event, never_gives_up, state, attempts, failures_total, next_attempt_at)
  SELECT 'somebody-' || n % 4, 'something', 'order', n % 16, n, 'something:' || n, n, '{}', false, CASE WHEN n % 10 = 0 THEN 'WAITING' ELSE 'DEAD' END, 1, 1,
         CASE WHEN n % 20 = 0 THEN now() END
  FROM generate_series(1, ${ROWS_OF_REST}) AS n;
  INSERT INTO shop_${domain}.dead_letter_action (actor, action, reason, parked_id, subscriber, event_id, event, failures_total, failures)
  SELECT 'somebody', 'DISCARD', 'because', n, 'somebody', 'something:' || n, '{}', 1, '[]' FROM generate_series(1, ${ROWS_OF_REST}) AS n;
  INSERT INTO shop_${domain}.event_log_0 (topic, shard, position, event_id, subject, dataschema, time, data)
  SELECT 'something', n % 16, n, 'something:' || n, n, 'something/v1', now(), '{}' FROM generate_series(1, ${ROWS_OF_REST}) AS n;
  INSERT INTO shop_${domain}.saga_step (step, saga_id, state) SELECT 'something', n, 'DONE' FROM generate_series(1, ${ROWS_OF_REST}) AS n`;

const ALERTS = `
  INSERT INTO shop_notification.alert (event_id, alert, raised_at, acknowledged_at, acknowledged_by)
  SELECT 'alert.raised:' || n, '{}', now(), CASE WHEN n > 10 THEN now() END, CASE WHEN n > 10 THEN 'somebody' END
  FROM generate_series(1, ${ROWS_OF_REST}) AS n`;

const MORE_VALUES = `
  SELECT pg_restore_attribute_stats('schemaname', s.schemaname::text, 'relname', s.tablename::text, 'attname', s.attname::text,
                                    'inherited', s.inherited, 'n_distinct', (-s.n_distinct / c.reltuples)::real)
  FROM pg_stats s JOIN pg_class c ON c.oid = format('%I.%I', s.schemaname, s.tablename)::regclass
  WHERE s.schemaname LIKE 'shop\\_%' AND c.reltuples > 0 AND s.n_distinct > 100 AND $1 > 1`;

const MORE_ROWS = `
  SELECT pg_restore_relation_stats('schemaname', n.nspname::text, 'relname', c.relname::text,
                                   'relpages', c.relpages, 'reltuples', ($1 * c.reltuples)::real)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname LIKE 'shop\\_%' AND c.relkind = 'r' AND c.reltuples > 0 AND c.relname <> ALL ($2) AND c.relname NOT LIKE 'migrations\\_%'`;
