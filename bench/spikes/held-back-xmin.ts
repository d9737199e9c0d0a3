/**
 * What a forgotten transaction does to event delivery: events appended and delivered per second before, during and after ten
 * minutes in which an open REPEATABLE READ transaction keeps every dead row alive. Four designs in turns. Figures: docs/adr/0014.
 *
 *   node --experimental-transform-types --import ./test/support/typescript-imports.mjs bench/spikes/held-back-xmin.ts
 */
import pg from 'pg';
import { type DomainDatabase, pgTransaction, sql } from '../../src/database/database.js';
import { LOG_SHARDS, type ShardPosition, type Subscriber, shardOf } from '../../src/messaging/event-log.js';
import type { ShopEvent } from '../../src/messaging/event.js';
import { PgCursorStore } from '../../src/messaging/postgres/pg-cursor-store.js';
import { PgEventLog } from '../../src/messaging/postgres/pg-event-log.js';
import { below, event, TOPICS, withSpikeDatabase } from './spike-database.js';

const WRITERS = 8;
const EVENTS_PER_TRANSACTION = 8;
const EVENTS_PER_SHARD_MAX = 64;
const BACKLOG_EVENTS_MAX = 5_000;
const TURN_MS = 10_000;
const HELD_MS = 600_000;
const TURNS_BEFORE = 1;
const TURNS_AFTER = 2;
const [TOPIC] = TOPICS;

interface Design {
  readonly name: string;
  append(events: readonly ShopEvent[]): Promise<void>;
  /** @returns how many events it delivered. */
  deliver(): Promise<number>;
}

/** The log of Ordersaga: positions from head rows, places in cursor rows. */
async function logDesign(name: string, database: DomainDatabase, fillfactor: number, appendTo?: Design['append']): Promise<Design> {
  for (const table of ['event_log_head', 'event_cursor']) {
    const text = `ALTER TABLE shop_${database.domain}.${table} SET (fillfactor = ${fillfactor})`;
    await database.query(sql(`spike.${database.domain}.fill-${table}`, text));
  }
  const log = new PgEventLog(database);
  const cursors = new PgCursorStore(database);
  const identity: Subscriber = { subscriber: `${database.domain}.spike`, type: TOPIC, source: database.domain };
  await log.open([TOPIC]);
  await cursors.open([identity], []);
  let positions: readonly ShardPosition[] = await cursors.positions(identity);
  return {
    name,
    append: appendTo ?? ((events) => database.run((tx) => log.append(tx, events))),
    async deliver() {
      const events = await log.read(TOPIC, positions, EVENTS_PER_SHARD_MAX);
      if (events.length === 0) return 0;
      const ends = new Map(positions.map((each) => [each.shard, each]));
      for (const { shard, position } of events) ends.set(shard, { shard, position });
      const moved = [...ends.values()];
      await database.run(async (tx) => {
        await cursors.lock(
          tx,
          identity,
          moved.map(({ shard }) => shard),
        );
        await cursors.advance(tx, identity, moved);
      });
      positions = moved;
      return events.length;
    },
  };
}

/** Without head rows: a shard is locked by an advisory lock, and its last position looked up in the log itself. */
function appendByLastPosition(database: DomainDatabase): Design['append'] {
  const table = `shop_${database.domain}.event_log`;
  const lock = sql('spike.lock-shards', `SELECT pg_advisory_xact_lock(1, shard) FROM unnest($1::int[]) AS shard`);
  const insert = sql(
    'spike.append-by-last-position',
    `INSERT INTO ${table} (epoch, topic, shard, position, event_id, subject, dataschema, time, data)
     SELECT 0, topic, shard,
            coalesce((SELECT position FROM ${table} l WHERE l.topic = e.topic AND l.shard = e.shard ORDER BY position DESC LIMIT 1), 0)
              + row_number() OVER (PARTITION BY topic, shard ORDER BY ordinal),
            event_id, subject, dataschema, time, data
     FROM unnest($1::text[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::jsonb[])
       WITH ORDINALITY AS e (topic, shard, event_id, subject, dataschema, time, data, ordinal)`,
  );
  return (events) =>
    database.run(async (tx) => {
      const shards = events.map(({ subject }) => shardOf(subject));
      await pgTransaction(tx).query(lock, [[...new Set(shards)].toSorted((a, b) => a - b)]);
      await pgTransaction(tx).query(insert, [
        events.map(({ type }) => type),
        shards,
        events.map(({ id }) => id),
        events.map(({ subject }) => subject),
        events.map(({ dataschema }) => dataschema),
        events.map(({ time }) => time),
        events.map(({ data }) => JSON.stringify(data)),
      ]);
    });
}

/** What most outboxes are: a table of events, each updated when it is delivered. */
async function queueDesign(database: DomainDatabase): Promise<Design> {
  await database.query(
    sql(
      'spike.make-queue',
      `CREATE TABLE queue (id bigserial PRIMARY KEY, topic text NOT NULL, event_id text NOT NULL, subject text NOT NULL,
         dataschema text NOT NULL, time timestamptz NOT NULL, data jsonb NOT NULL, delivered_at timestamptz)`,
    ),
  );
  await database.query(sql('spike.index-queue', 'CREATE INDEX queue_waiting ON queue (id) WHERE delivered_at IS NULL'));
  const append = sql(
    'spike.append-to-queue',
    `INSERT INTO queue (topic, event_id, subject, dataschema, time, data)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::jsonb[])`,
  );
  const take = sql(
    'spike.take-from-queue',
    `UPDATE queue SET delivered_at = clock_timestamp() WHERE id IN (
       SELECT id FROM queue WHERE delivered_at IS NULL ORDER BY id LIMIT ${EVENTS_PER_SHARD_MAX * LOG_SHARDS} FOR UPDATE SKIP LOCKED)
     RETURNING *`,
  );
  return {
    name: 'queue table, an update per delivery',
    append: (events) =>
      database.run(
        async (tx) =>
          void (await pgTransaction(tx).query(append, [
            events.map(({ type }) => type),
            events.map(({ id }) => id),
            events.map(({ subject }) => subject),
            events.map(({ dataschema }) => dataschema),
            events.map(({ time }) => time),
            events.map(({ data }) => JSON.stringify(data)),
          ])),
      ),
    deliver: () => database.run(async (tx) => (await pgTransaction(tx).query(take)).length),
  };
}

/** Writers and one reader for one turn; writers wait while the reader is too far behind. @returns events delivered per second. */
async function turn(design: Design): Promise<number> {
  const from = performance.now();
  const over = (): boolean => performance.now() - from >= TURN_MS;
  let [appended, delivered] = [0, 0];
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));
  const write = async (): Promise<void> => {
    while (!over()) {
      if (appended - delivered > BACKLOG_EVENTS_MAX) {
        await pause();
        continue;
      }
      await design.append(Array.from({ length: EVENTS_PER_TRANSACTION }, () => event(0, below(LOG_SHARDS))));
      appended += EVENTS_PER_TRANSACTION;
    }
  };
  const read = async (): Promise<void> => {
    while (!over()) {
      const count = await design.deliver();
      delivered += count;
      if (count === 0) await pause();
    }
  };
  await Promise.all([read(), ...Array.from({ length: WRITERS }, write)]);
  const perSecond = delivered / ((performance.now() - from) / 1_000);
  // What is left over belongs to no turn.
  for (let more = 1; more > 0;) more = await design.deliver();
  return perSecond;
}

await withSpikeDatabase(['order', 'product', 'coupon'], WRITERS + 2, async (databases, url) => {
  const coupon = databases.of('coupon');
  const designs = [
    await logDesign('log, fillfactor 20', databases.of('order'), 20),
    await logDesign('log, fillfactor 100', databases.of('product'), 100),
    await logDesign('log without head rows', coupon, 20, appendByLastPosition(coupon)),
    await queueDesign(databases.of('order')),
  ];
  const round = async (when: string): Promise<void> => {
    const figures: number[] = [];
    for (const design of designs) figures.push(await turn(design));
    console.log(`| ${when} | ${figures.map((figure) => Math.round(figure)).join(' | ')} |`);
  };
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  const bloat = async (when: string): Promise<void> => {
    const { rows } = await admin.query<{ line: string }>(
      `SELECT format('| %s | %s.%s | %s | %s | %s of %s |', $1::text, schemaname, relname, n_dead_tup, pg_size_pretty(pg_total_relation_size(relid)),
                     n_tup_hot_upd, n_tup_upd) AS line
       FROM pg_stat_user_tables WHERE relname IN ('event_log_head', 'event_cursor', 'queue') AND n_tup_upd > 0 ORDER BY relname, schemaname`,
      [when],
    );
    for (const { line } of rows) console.log(line);
  };

  console.log(`| | ${designs.map(({ name }) => name).join(' | ')} |\n|---|---|---|---|---|`);
  for (let before = 0; before <= TURNS_BEFORE; before++) await round(before === 0 ? 'warming up' : 'before');
  const holder = new pg.Client({ connectionString: url });
  await holder.connect();
  await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await holder.query('SELECT count(*) FROM pg_class');
  const from = performance.now();
  while (performance.now() - from < HELD_MS) await round(`held for ${((performance.now() - from) / 60_000).toFixed(1)} min`);
  await bloat('held for 10 min');
  await holder.query('COMMIT');
  await holder.end();
  for (let after = 1; after <= TURNS_AFTER; after++) await round(after === 1 ? 'released' : 'a round later');
  await bloat('after');
  await admin.end();
});
