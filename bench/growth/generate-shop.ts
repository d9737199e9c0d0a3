import { readFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { eventCatalogue } from '../../src/event-catalogue.js';
import { domainOf } from '../../src/messaging/listener.js';
import { ORDER_ROWS } from './order-rows.js';
import { OTHER_ROWS } from './other-rows.js';
import type { RowsOf } from './rows-of.js';

export interface ShopSize {
  readonly orders: number;
  readonly users: number;
  readonly options: number;
}

export type Progress = (what: string, seconds: number) => void;

/** Of each session that generates; memory for sorts of ten million rows. Triggers and foreign keys rest: the rows are right by construction. */
const SESSION = `
  SET session_replication_role = replica; SET synchronous_commit = off; SET max_parallel_workers_per_gather = 0;
  SET work_mem = '768MB'; SET maintenance_work_mem = '768MB'; SET jit = off; SET timezone = 'UTC'`;

/**
 * Fills a migrated, empty database with the past year of a shop, set-based: orders that were paid, or not, and everything that
 * they have left behind in every domain. The audit finds it clean.
 *
 * The rows are copied from one session into another, which has just emptied the table: so they are written once, frozen and known
 * to be visible, with no WAL where `wal_level` is minimal. Indexes that no constraint needs are made afterwards.
 */
export async function generateShop(url: string, size: ShopSize, progress: Progress = () => {}): Promise<void> {
  const step = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    const from = performance.now();
    await work();
    progress(what, (performance.now() - from) / 1_000);
  };
  await withSession(url, async (session) => {
    await step('what was ordered', () => draw(session, size));
    const { rows: indexes } = await session.query<{ name: string; schema: string; definition: string }>(PLAIN_INDEXES);
    if (indexes.length > 0) await session.query(`DROP INDEX ${indexes.map(({ name }) => name).join(', ')}`);
    const ofOrder = ({ schema }: { schema: string }): boolean => schema === 'shop_order';
    const lanes = [
      { rows: ORDER_ROWS, indexes: indexes.filter(ofOrder) },
      { rows: OTHER_ROWS, indexes: indexes.filter((index) => !ofOrder(index)) },
    ];
    await Promise.all(
      lanes.map((lane) =>
        withSession(url, async (target) => {
          for (const rows of lane.rows) await step(rows.table, () => copyRows(url, rows, target));
          for (const { name, definition } of lane.indexes) await step(`index ${name}`, () => target.query(definition));
        }),
      ),
    );
    await step('the places in the logs', () => session.query(places()));
    await step('statistics', () => session.query('DROP SCHEMA growth CASCADE; ANALYZE'));
  });
}

async function draw(session: pg.Client, { orders, users, options }: ShopSize): Promise<void> {
  await session.query(`
    CREATE SCHEMA growth;
    CREATE TABLE growth.size AS SELECT ${orders}::bigint AS orders, ${users}::bigint AS users, ${options}::bigint AS options,
                                       date_trunc('second', now()) - interval '1 hour' AS until`);
  await session.query(readFileSync(new URL('./placed-orders.sql', import.meta.url), 'utf8'));
}

async function copyRows(url: string, { table, columns, query }: RowsOf, target: pg.Client): Promise<void> {
  await withSession(url, async (source) => {
    await target.query('BEGIN');
    // What refers to it is still empty, too.
    await target.query(`TRUNCATE ${table} CASCADE`);
    await pipeline(
      source.query(copyTo(`COPY (${query}) TO STDOUT`)),
      target.query(copyFrom(`COPY ${table} (${columns}) FROM STDIN (FREEZE)`)),
    );
    await target.query('COMMIT');
  });
}

async function withSession<T>(url: string, work: (session: pg.Client) => Promise<T>): Promise<T> {
  const session = new pg.Client({ connectionString: url, application_name: 'ordersaga growth' });
  await session.connect();
  try {
    await session.query(SESSION);
    return await work(session);
  } finally {
    await session.end();
  }
}

const PLAIN_INDEXES = `
  SELECT format('%I.%I', n.nspname, c.relname) AS name, n.nspname AS schema, pg_get_indexdef(i.indexrelid) AS definition
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname LIKE 'shop\\_%' AND NOT c.relispartition
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
  ORDER BY name`;

/** Where everybody stands: numbers to go on from, heads of the logs, floors below which events have gone, cursors of who has handled all. */
function places(): string {
  const heads = ['order', 'product'].map(
    (domain) => `
    UPDATE shop_${domain}.event_log_epoch SET made_at = until - interval '7 days', began_at = until - interval '7 days' FROM growth.size;
    INSERT INTO shop_${domain}.event_log_head (topic, shard, next_position)
    SELECT topic, shard, last + 1 FROM growth.head WHERE source = '${domain}';
    INSERT INTO shop_${domain}.event_log_epoch_start (topic, shard, epoch, first_position)
    SELECT topic, shard, 0, gone + 1 FROM growth.head WHERE source = '${domain}';`,
  );
  const cursors = eventCatalogue.entries.flatMap(({ event, subscribers }) =>
    subscribers.map(
      (subscriber) => `
    INSERT INTO shop_${domainOf(subscriber)}.event_cursor (subscriber, topic, source, shard, position)
    SELECT '${subscriber}', topic, source, shard, last FROM growth.head WHERE topic = '${event.type}';`,
    ),
  );
  return [NEXT_NUMBERS, ...heads, ...cursors].join('');
}

const NEXT_NUMBERS = `
  DO $$
  DECLARE identity record;
  BEGIN
    FOR identity IN
      SELECT format('%I.%I', table_schema, table_name) AS "table", column_name AS "column"
      FROM information_schema.columns WHERE is_identity = 'YES' AND table_schema LIKE 'shop\\_%'
    LOOP
      EXECUTE format('SELECT setval(pg_get_serial_sequence(%L, %L), max(%I)) FROM %s HAVING max(%3$I) > 0',
                     identity."table", identity."column", identity."column", identity."table");
    END LOOP;
  END $$;
  SELECT setval('shop_order.order_id', orders + 1, false) FROM growth.size;`;
