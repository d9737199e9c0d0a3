/**
 * What the order of the event log costs: appends per second with 1, 4, 16 and 64 heads, against a table with `bigserial`
 * positions, which promises no order. All in turns, on a PostgreSQL of the spike's own. Figures: docs/adr/0014.
 *
 *   node --experimental-transform-types --import ./test/support/typescript-imports.mjs bench/spikes/log-heads.ts
 */
import { pgTransaction, sql } from '../../src/database/database.js';
import type { ShopEvent } from '../../src/messaging/event.js';
import { PgEventLog } from '../../src/messaging/postgres/pg-event-log.js';
import { below, closedLoop, event, median, TOPICS, withSpikeDatabase } from './spike-database.js';

const CLIENTS = 16;
const CELL_MS = 2_000;
const ROUNDS = 3;
const HEADS = [1, 4, 16, 64];
const BATCHES = [1, 8, 64];
const SHARDS_PER_TOPIC_MAX = 16;

const MAKE_UNORDERED = sql(
  'spike.make-unordered',
  `CREATE TABLE unordered_log (
     position bigserial PRIMARY KEY, topic text NOT NULL, event_id text NOT NULL, subject text NOT NULL,
     dataschema text NOT NULL, time timestamptz NOT NULL, data jsonb NOT NULL)`,
);
const APPEND_UNORDERED = sql(
  'spike.append-unordered',
  `INSERT INTO unordered_log (topic, event_id, subject, dataschema, time, data)
   SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::jsonb[])`,
);
const columnsOf = (events: readonly ShopEvent[]): unknown[] => [
  events.map(({ type }) => type),
  events.map(({ id }) => id),
  events.map(({ subject }) => subject),
  events.map(({ dataschema }) => dataschema),
  events.map(({ time }) => time),
  events.map(({ data }) => JSON.stringify(data)),
];

await withSpikeDatabase(['order'], CLIENTS, async (databases) => {
  const order = databases.of('order');
  const log = new PgEventLog(order);
  await log.open(TOPICS);
  await order.query(MAKE_UNORDERED);

  const batchOver = (heads: number, events: number): ShopEvent[] =>
    Array.from({ length: events }, () => {
      const head = below(heads);
      return event(Math.floor(head / SHARDS_PER_TOPIC_MAX), head % SHARDS_PER_TOPIC_MAX);
    });
  const unordered = (batch: number) => () =>
    order.run(async (tx) => void (await pgTransaction(tx).query(APPEND_UNORDERED, columnsOf(batchOver(1, batch)))));
  const ordered = (heads: number, batch: number) => () => order.run((tx) => log.append(tx, batchOver(heads, batch)));

  const perSecond = new Map<string, number[]>();
  const note = (cell: string, value: number): void => void perSecond.set(cell, [...(perSecond.get(cell) ?? []), value]);
  for (let round = 0; round < ROUNDS; round++) {
    for (const batch of BATCHES) {
      note(`${batch} bigserial`, await closedLoop(CLIENTS, CELL_MS, unordered(batch)));
      for (const heads of HEADS) note(`${batch} ${heads}`, await closedLoop(CLIENTS, CELL_MS, ordered(heads, batch)));
    }
  }

  const of = (cell: string): number => median(perSecond.get(cell) ?? []);
  console.log(`| events a transaction | bigserial: transactions/s | ${HEADS.map((heads) => `${heads} head(s)`).join(' | ')} |`);
  console.log(`|---|---|${HEADS.map(() => '---').join('|')}|`);
  for (const batch of BATCHES) {
    const yardstick = of(`${batch} bigserial`);
    const cells = HEADS.map((heads) => `${Math.round(of(`${batch} ${heads}`))} (${(of(`${batch} ${heads}`) / yardstick).toFixed(2)})`);
    console.log(`| ${batch} | ${Math.round(yardstick)} | ${cells.join(' | ')} |`);
  }
});
