import { expect } from 'vitest';
import { eventChecks } from '../../src/audit/checks/5-events.js';
import type { Databases } from '../../src/database/databases.js';
import type { Consumer } from '../../src/messaging/consumer.js';
import { type EpochRound, type EpochTimes, PgLogEpochs } from '../../src/messaging/postgres/pg-log-epochs.js';
import { startWorld, until } from './world.js';

const NEVER_MS = 1_000_000_000;
const ATTEMPTS_MAX = 100;
/** A round with these does one thing alone. */
export const PREPARES: EpochTimes = { epochMs: NEVER_MS, retentionMs: NEVER_MS, graceMs: NEVER_MS };
export const BEGINS: EpochTimes = { epochMs: 0, retentionMs: NEVER_MS, graceMs: 0 };
export const ENDS: EpochTimes = { epochMs: NEVER_MS, retentionMs: 0, graceMs: 0 };

export type EpochsWorld = Awaited<ReturnType<typeof startEpochsWorld>>;

/** A world whose log of `order` is cut into epochs by hand. */
export async function startEpochsWorld() {
  const world = await startWorld();
  const epochs = (times: EpochTimes, databases: Databases = world.databases): PgLogEpochs =>
    new PgLogEpochs({ databases, source: 'order', subscribingDomains: ['order', 'product'], times });

  /** A round that was kept waiting for a lock has done nothing, and is tried again, as the janitor does a minute later. */
  async function patientRound(of: PgLogEpochs): Promise<EpochRound> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await of.round();
      } catch (fault) {
        if (attempt === ATTEMPTS_MAX || !/lock timeout/.test((fault as Error).message)) throw fault;
      }
    }
  }

  /** Rounds until there is nothing more to do. @returns what they did. */
  async function rounds(of: PgLogEpochs): Promise<string[]> {
    const done: string[] = [];
    for (;;) {
      const { did } = await patientRound(of);
      if (did === 'nothing') return done;
      done.push(did);
    }
  }
  const prepare = async (): Promise<void> => void (await rounds(epochs(PREPARES)));

  return {
    ...world,
    epochs,
    patientRound,
    rounds,
    prepare,

    /** The next epoch begins, and the partition of the one after it is made. */
    async begin(): Promise<void> {
      await prepare();
      expect(await patientRound(epochs(BEGINS))).toEqual({ did: 'began', heldBy: [] });
      await prepare();
    },

    /** Each partition with how many events it has; one that is only left over in brackets. */
    async partitions(): Promise<readonly string[]> {
      const rows = await world.query<{ name: string; attached: boolean; events: string }>(
        `SELECT c.relname AS name, EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid AND NOT i.inhdetachpending) AS attached,
                (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %s', c.oid::regclass), false, true, '')))[1]::text AS events
         FROM pg_class c WHERE relnamespace = 'shop_order'::regnamespace AND relkind = 'r' AND relname ~ '^event_log_\\d+$' ORDER BY relname`,
      );
      return rows.map(({ name, attached, events }) => (attached ? `${name}: ${events}` : `(${name}: ${events})`));
    },

    /** What the auditor says of the positions. */
    async expectCleanLog(): Promise<void> {
      const [positions] = eventChecks(['order', 'product']);
      expect(positions?.findings && (await world.query(positions.findings))).toEqual([]);
    },

    /** A subscriber of `product` that is running. */
    async reader(subscriber = 'product.note'): Promise<Consumer> {
      const consumer = await world.consumer(
        { mode: 'transaction', handle: (tx, events) => world.recordEffects(tx, events) },
        { subscriber },
      );
      consumer.start();
      return consumer;
    },
    async readAll(consumer: Consumer): Promise<void> {
      consumer.hint();
      await until('all was read', async () => (await consumer.lag()) === 0);
    },
  };
}
