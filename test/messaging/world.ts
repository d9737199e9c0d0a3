import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { z } from 'zod';
import { type DomainDatabase, pgTransaction, sql } from '../../src/database/database.js';
import { Databases } from '../../src/database/databases.js';
import { SystemClock } from '../../src/kernel/clock.js';
import type { Transaction } from '../../src/kernel/transaction.js';
import { AlertRaised } from '../../src/messaging/alert-raised.event.js';
import { Consumer, type ConsumerOptions } from '../../src/messaging/consumer.js';
import type { Effect } from '../../src/messaging/effect.js';
import { type DataOf, DurableEvent, type ShopEvent } from '../../src/messaging/event.js';
import { EventCatalogue } from '../../src/messaging/event-catalogue.js';
import { LOG_SHARDS, type LoggedEvent, type ShardPosition } from '../../src/messaging/event-log.js';
import { InProcessEventBus } from '../../src/messaging/in-process/in-process-event-bus.js';
import { PgCursorStore } from '../../src/messaging/postgres/pg-cursor-store.js';
import { PgEventLog } from '../../src/messaging/postgres/pg-event-log.js';
import { PgParkedEvents } from '../../src/messaging/postgres/pg-parked-events.js';
import { freshDatabase } from '../support/database.js';

const WAIT_MS_MAX = 30_000;
const LOOK_EVERY_MS = 5;

/** Something happened to `subject` for the n-th time. */
export const Happened = new DurableEvent({
  type: 'test.happened',
  version: 1,
  data: z.object({ subject: z.int(), n: z.int() }),
  id: ({ subject, n }) => `${subject}:${n}`,
  subject: ({ subject }) => subject,
});

export interface Happening {
  readonly subject: number;
  readonly n: number;
}

/** It happened to `subject` `count` times. */
export const times = (subject: number, count: number, from = 1): Happening[] =>
  Array.from({ length: count }, (_, index) => ({ subject, n: from + index }));

export const happened = (...happenings: readonly Happening[]): ShopEvent[] =>
  happenings.map((data) => Happened.seal(data, 'order', new Date()));
export const happeningOf = ({ data }: ShopEvent): Happening => data as Happening;

export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const giveUpAt = Date.now() + WAIT_MS_MAX; Date.now() < giveUpAt; await sleep(LOOK_EVERY_MS)) if (await holds()) return;
  throw new Error(`in ${WAIT_MS_MAX} ms it never came true that ${what}`);
}

/** Everything of a subject, in the order in which it stands in `events`. */
export const bySubject = (happenings: readonly Happening[]): Record<number, number[]> =>
  Object.fromEntries([...Map.groupBy(happenings, ({ subject }) => subject)].map(([subject, all]) => [subject, all.map(({ n }) => n)]));

/** The beginning of the log, in every shard. */
export const ORIGIN: readonly ShardPosition[] = Array.from({ length: LOG_SHARDS }, (_, shard) => ({ shard, position: 0 }));

const RECORD_EFFECT = sql('test.record-effect', 'INSERT INTO effect (subject, n) SELECT * FROM unnest($1::bigint[], $2::bigint[])');

const catalogue = new EventCatalogue([
  { event: Happened, publishers: ['order'], subscribers: ['product.note'] },
  { event: AlertRaised, publishers: ['product'], subscribers: [] },
]);

export type World = Awaited<ReturnType<typeof startWorld>>;

/** A database where `order` publishes {@link Happened} and subscribers of `product` note every effect in a table. */
export async function startWorld(options: { readonly poolConnectionsMax?: number } = {}) {
  const fresh = await freshDatabase();
  const opened: Databases[] = [];
  const consumers: Consumer[] = [];
  /** Another process of the shop: with connections of its own. */
  const process = (): Databases => {
    const databases = new Databases({ url: fresh.url, ...options });
    opened.push(databases);
    return databases;
  };
  const databases = process();
  const log = new PgEventLog(databases.of('order'));
  await log.open([Happened.type]);
  const alertLog = new PgEventLog(databases.of('product'));
  await alertLog.open([AlertRaised.type]);
  const bus = new InProcessEventBus({
    catalogue,
    clock: new SystemClock(),
    logOf: (domain) => new PgEventLog(databases.of(domain)),
    unitOfWorkOf: (domain) => databases.of(domain),
    appended: () => {},
  });
  await query('CREATE TABLE effect (position bigint GENERATED ALWAYS AS IDENTITY, subject bigint NOT NULL, n bigint NOT NULL)');

  /** On a connection of its own, outside of all pools. */
  async function query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString: fresh.url });
    await client.connect();
    try {
      return (await client.query<Row>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  return {
    url: fresh.url,
    databases,
    log,
    bus,
    alertLog,
    process,
    query,
    append: (...happenings: readonly Happening[]): Promise<void> =>
      databases.of('order').run((tx) => log.append(tx, happened(...happenings))),

    /** All that is in the log, shard by shard. */
    logged: (): Promise<readonly LoggedEvent[]> => log.read(Happened.type, ORIGIN, 1_000_000),

    /** The transactional effect that most tests use. */
    async recordEffects(tx: Transaction, events: readonly ShopEvent[]): Promise<void> {
      const happenings = events.map(happeningOf);
      await pgTransaction(tx).query(RECORD_EFFECT, [happenings.map(({ subject }) => subject), happenings.map(({ n }) => n)]);
    },

    /** Every effect there was, in order. */
    async effects(): Promise<readonly Happening[]> {
      const rows = await query<{ subject: string; n: string }>('SELECT subject, n FROM effect ORDER BY position');
      return rows.map(({ subject, n }) => ({ subject: Number(subject), n: Number(n) }));
    },

    /** A subscriber of `product`, not yet started; it ends with the world. */
    async consumer(
      effect: Effect,
      changes: Partial<
        Pick<ConsumerOptions, 'subscriber' | 'type' | 'onFault' | 'log' | 'neverGivesUp' | 'neverParks' | 'retryDelayMs' | 'bus'>
      > & {
        readonly at?: Databases;
      } = {},
    ): Promise<Consumer> {
      const { at = databases, ...others } = changes;
      const product: DomainDatabase = at.of('product');
      const cursors = new PgCursorStore(product);
      const consumer = new Consumer({
        subscriber: 'product.note',
        type: Happened.type,
        effect,
        log: new PgEventLog(at.of('order')),
        cursors,
        parked: new PgParkedEvents(product),
        unitOfWork: product,
        bus,
        onFault: () => {},
        ...others,
      });
      await cursors.open([consumer.identity], []);
      consumers.push(consumer);
      return consumer;
    },

    /** The alerts in the log. */
    async raised(): Promise<readonly DataOf<typeof AlertRaised>[]> {
      return (await alertLog.read(AlertRaised.type, ORIGIN, 1_000)).map(({ data }) => data as DataOf<typeof AlertRaised>);
    },

    /** What is parked, in the order of keys and positions: `subject:n` with its state and failures. */
    async parked(): Promise<readonly string[]> {
      const rows = await query<{ line: string }>(
        `SELECT format('%s:%s %s %s', subject, event #>> '{data,n}', state, failures_total) AS line
         FROM shop_product.event_parked ORDER BY subscriber, subject::bigint, position`,
      );
      return rows.map(({ line }) => line);
    },

    /** Breaks every connection of the shop's processes, as a restart of the server would. */
    breakConnections: (): Promise<unknown> =>
      query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()'),

    /** Waits until some transaction waits for a lock. */
    untilSomebodyWaits: (): Promise<void> =>
      until('a transaction waits for a lock', async () => {
        const waiting = await query(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`);
        return waiting.length > 0;
      }),

    async stop(): Promise<void> {
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      await Promise.all(opened.map((each) => each.close()));
      await fresh.drop();
    },
  };
}
