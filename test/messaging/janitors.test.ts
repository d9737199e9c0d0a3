import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Database, type PgTransaction } from '../../src/database/database.js';
import { Databases } from '../../src/database/databases.js';
import type { EpochTimes } from '../../src/messaging/postgres/pg-log-epochs.js';
import { BEGINS, ENDS, type EpochsWorld, PREPARES, startEpochsWorld } from './epochs-world.js';
import { happeningOf, times, until } from './world.js';

let world: EpochsWorld;
beforeEach(async () => {
  world = await startEpochsWorld();
});
afterEach(() => world.stop());

/** A process that dies instead of sending a certain statement of the janitor. */
class DoomedDatabases extends Databases {
  constructor(
    private readonly url: string,
    private statementsLeft: number,
  ) {
    super({ url });
  }

  override apart(_domain: string, lockWaitMsMax: number): Database {
    const next = (): void => {
      if (this.statementsLeft-- <= 0) throw new Error('died');
    };
    class Doomed extends Database {
      override query<Row extends object>(...given: Parameters<Database['query']>): Promise<Row[]> {
        next();
        return super.query<Row>(...given);
      }
      override transaction<T>(domain: string, work: (tx: PgTransaction) => Promise<T>): Promise<T> {
        return super.transaction(domain, (tx) => {
          const send = tx.query.bind(tx);
          tx.query = async (...given) => (next(), send(...given)) as Promise<never>;
          return work(tx);
        });
      }
    }
    return new Doomed({ url: this.url, poolConnectionsMax: 1, lockWaitMsMax });
  }
}

describe('R3: a janitor that dies before any of its statements', () => {
  const dyingAt = async (statement: number, epochTimes: EpochTimes): Promise<boolean> => {
    const doomed = new DoomedDatabases(world.url, statement);
    const died = await world.rounds(world.epochs(epochTimes, doomed)).then(
      () => false,
      (fault: Error) => fault.message === 'died',
    );
    await doomed.close();
    await until('the server has noticed', async () => (await world.query(`SELECT FROM pg_locks WHERE locktype = 'advisory'`)).length === 0);
    return died;
  };

  test('at the end of an epoch leaves a log that can be read, appended to, and tidied by the next', async () => {
    const consumer = await world.reader();
    const expected: number[] = [];
    let died = true;
    for (let statement = 0; died; statement++) {
      await world.append(...times(1, 1, statement));
      expected.push(statement);
      await world.begin();
      await world.readAll(consumer);
      died = await dyingAt(statement, ENDS);
      await world.append({ subject: 1, n: 1_000 + statement });
      expected.push(1_000 + statement);
      await world.readAll(consumer);
      await world.expectCleanLog();
      await world.rounds(world.epochs(ENDS));
      expect(await world.partitions()).toHaveLength(2);
    }
    // Taking its turn, two times three to retire, and four to drop: it has died at each of them.
    expect(expected.length / 2).toBeGreaterThan(8);
    expect((await world.effects()).map(({ n }) => n)).toEqual(expected);
  });

  test('at the beginning of an epoch leaves the one that was, and the next begins it', async () => {
    let appended = 0;
    const goesOn = async (...others: readonly string[]): Promise<void> => {
      await world.append(...times(1, 1, ++appended));
      expect(await world.partitions()).toEqual([`event_log_0: ${appended}`, ...others]);
      await world.expectCleanLog();
    };
    for (let statement = 0; statement < 5; statement++) {
      expect(await dyingAt(statement, PREPARES)).toBe(true);
      await goesOn();
    }
    await world.prepare();
    for (let statement = 0; statement < 5; statement++) {
      expect(await dyingAt(statement, BEGINS)).toBe(true);
      await goesOn('event_log_1: 0');
    }
    await world.begin();
    await world.append(...times(1, 1, ++appended));
    expect((await world.logged()).map(happeningOf)).toEqual(times(1, 11));
    await world.expectCleanLog();
  });
});

test('several janitors at once do each thing once', async () => {
  await world.append(...times(1, 1));
  const processes = Array.from({ length: 4 }, () => world.process());
  const day: EpochTimes = { epochMs: 60_000, retentionMs: 0, graceMs: 0 };
  await world.query(`UPDATE shop_order.event_log_epoch SET began_at = now() - interval '2 minutes'`);
  const done: string[] = [];
  for (let round = 0; round < 6; round++) {
    done.push(...(await Promise.all(processes.map((databases) => world.epochs(day, databases).round()))).map(({ did }) => did));
  }
  expect(done.filter((did) => did !== 'nothing').toSorted()).toEqual(['began', 'dropped', 'prepared', 'prepared', 'retired']);
  expect(await world.partitions()).toEqual(['event_log_1: 0', 'event_log_2: 0']);
});
