import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Database, type PgTransaction, sql } from '../../src/database/database.js';
import { Unavailable } from '../../src/kernel/faults.js';
import { type FreshDatabase, freshDatabase } from '../support/database.js';

const POOL_CONNECTIONS = 4;

const PUT = sql('test.put', 'INSERT INTO thing (id, n) VALUES ($1, $2)');
const LOCK = sql('test.lock', 'SELECT n FROM thing WHERE id = $1 FOR UPDATE');
const SET = sql('test.set', 'UPDATE thing SET n = $2 WHERE id = $1');
const ADD = sql('test.add', 'UPDATE thing SET n = n + 1 WHERE id = $1');
const ALL = sql('test.all', 'SELECT id, n FROM thing ORDER BY id');
const PID = sql('test.pid', 'SELECT pg_backend_pid() AS pid');
const KILL = sql('test.kill', 'SELECT pg_terminate_backend($1)');
const KILL_OTHERS = sql(
  'test.kill-others',
  'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
);
const SLEEP = sql('test.sleep', 'SELECT pg_sleep(60)');

let fresh: FreshDatabase;
let database: Database;
let other: Database;
beforeAll(async () => {
  fresh = await freshDatabase();
  database = new Database({ url: fresh.url, poolConnectionsMax: POOL_CONNECTIONS });
  other = new Database({ url: fresh.url, poolConnectionsMax: 1 });
  await other.query(sql('test.create', 'CREATE TABLE thing (id bigint PRIMARY KEY, n bigint NOT NULL)'));
});
beforeEach(async () => {
  await other.query(sql('test.clear', 'TRUNCATE thing'));
});
afterAll(async () => {
  await Promise.all([database.close(), other.close()]);
  await fresh.drop();
});

const transaction = <T>(work: (tx: PgTransaction) => Promise<T>): Promise<T> => database.transaction('order', work);
const things = (): Promise<object[]> => other.query(ALL);
const pidOf = async (tx: PgTransaction): Promise<number> => (await tx.query<{ pid: number }>(PID))[0]?.pid ?? 0;

describe('a transaction', () => {
  test('commits what was done, and returns what the work returned', async () => {
    expect(await transaction((tx) => tx.query(PUT, [1, 1]).then(() => 'done'))).toBe('done');
    expect(await things()).toEqual([{ id: 1, n: 1 }]);
  });

  test('that throws leaves nothing, and the error as it was', async () => {
    const fault = new Error('no');
    const failing = transaction(async (tx) => {
      await tx.query(PUT, [1, 1]);
      throw fault;
    });
    await expect(failing).rejects.toBe(fault);
    expect(await things()).toEqual([]);
  });

  test('runs its last statements before the commit, in turn, also those that are asked for meanwhile; its hints after it', async () => {
    const happened: string[] = [];
    await transaction((tx) => {
      tx.afterCommit(() => happened.push('hint'));
      tx.beforeCommit(async () => {
        await tx.query(PUT, [1, 1]);
        happened.push('first');
        tx.beforeCommit(() => Promise.resolve(void happened.push('third')));
      });
      tx.beforeCommit(() => Promise.resolve(void happened.push('second')));
      happened.push('work');
      return Promise.resolve();
    });
    expect(happened).toEqual(['work', 'first', 'second', 'third', 'hint']);
    expect(await things()).toEqual([{ id: 1, n: 1 }]);
  });

  test('rolls back when a last statement fails, and gives no hint', async () => {
    let hints = 0;
    const failing = transaction(async (tx) => {
      tx.afterCommit(() => hints++);
      tx.beforeCommit(() => Promise.reject(new Error('too late')));
      await tx.query(PUT, [1, 1]);
    });
    await expect(failing).rejects.toThrow('too late');
    expect([await things(), hints]).toEqual([[], 0]);
  });

  test('does not pass for committed when the error of a failed statement was swallowed', async () => {
    let hints = 0;
    const deceived = transaction(async (tx) => {
      tx.afterCommit(() => hints++);
      await tx.query(PUT, [1, 1]);
      await tx.query(PUT, [1, 1]).catch(() => {});
    });
    await expect(deceived).rejects.toThrow('swallowed');
    expect([await things(), hints]).toEqual([[], 0]);
  });
});

describe('D3: a statement that is sent and not waited for', () => {
  test('runs before all later ones, and is committed with them', async () => {
    const seen = await transaction((tx) => {
      tx.send(PUT, [1, 1]);
      tx.send(SET, [1, 2]);
      return tx.query(ALL);
    });
    expect(seen).toEqual([{ id: 1, n: 2 }]);
    expect(await things()).toEqual(seen);
  });

  test('fails the transaction with its own failure, though nothing was left to be done', async () => {
    let hints = 0;
    const failing = transaction((tx) => {
      tx.afterCommit(() => hints++);
      tx.send(PUT, [1, 1]);
      tx.send(PUT, [1, 1]);
      return Promise.resolve();
    });
    await expect(failing).rejects.toMatchObject({ code: '23505' });
    expect([await things(), hints]).toEqual([[], 0]);
  });

  test('for its rows gives them when the transaction has ended; when it fails, the transaction tells, and nobody else has to listen', async () => {
    const idsOf = (rows: readonly { readonly id: number }[]): number[] => rows.map(({ id }) => id);
    const { asked } = await transaction((tx) => {
      tx.send(PUT, [1, 1]);
      return Promise.resolve({ asked: tx.sendFor(ALL, [], idsOf) });
    });
    expect(await asked).toEqual([1]);

    // Vitest fails the run when a rejection is left unhandled.
    const failing = transaction((tx) => Promise.resolve({ asked: tx.sendFor(PUT, [1, 1], idsOf) }));
    await expect(failing).rejects.toMatchObject({ code: '23505' });
  });

  test('fails it with its own failure, and not with that of a later statement which ran in vain', async () => {
    const failing = transaction((tx) => {
      tx.send(PUT, [1, 1]);
      tx.send(PUT, [1, 1]);
      return tx.query(ALL);
    });
    await expect(failing).rejects.toMatchObject({ code: '23505' });
    expect(await things()).toEqual([]);
  });

  test('is retried with its transaction after a deadlock', async () => {
    await transaction((tx) => tx.query(PUT, [1, 0]).then(() => tx.query(PUT, [2, 0])));
    let attempts = 0;
    const { promise: bothHoldOne, resolve } = Promise.withResolvers<void>();
    const raise = (first: number, second: number): Promise<void> =>
      transaction(async (tx) => {
        await tx.query(LOCK, [first]);
        if (++attempts === 2) resolve();
        await bothHoldOne;
        tx.send(ADD, [second]);
      });
    await Promise.all([raise(1, 2), raise(2, 1)]);
    expect(await things()).toEqual([
      { id: 1, n: 1 },
      { id: 2, n: 1 },
    ]);
    expect(attempts).toBeGreaterThan(2);
  });

  test('is Unavailable with a connection that is lost, and harms nobody else', async () => {
    const lost = transaction(async (tx) => {
      await other.query(KILL, [await pidOf(tx)]);
      tx.send(PUT, [1, 1]);
    });
    await expect(lost).rejects.toThrow(Unavailable);
    await transaction((tx) => tx.query(PUT, [2, 2]));
    expect(await things()).toEqual([{ id: 2, n: 2 }]);
  });
});

describe('D1', () => {
  test('a transaction gets no second connection, neither for a statement nor for another transaction', async () => {
    const refused = 'do not take a second connection';
    await expect(transaction(() => database.query(ALL))).rejects.toThrow(refused);
    await expect(transaction(() => transaction(() => Promise.resolve()))).rejects.toThrow(refused);
    await expect(transaction(() => sleep(1).then(() => database.query(ALL)))).rejects.toThrow(refused);
  });

  test('before, after and beside a transaction connections are free', async () => {
    await Promise.all([transaction((tx) => tx.query(PUT, [1, 1])), database.query(ALL)]);
    expect(await database.query(ALL)).toHaveLength(1);
  });

  test('many times more transactions than connections all come to their end', async () => {
    await Promise.all(Array.from({ length: POOL_CONNECTIONS * 25 }, (_, id) => transaction((tx) => tx.query(PUT, [id, 0]))));
    expect(await things()).toHaveLength(POOL_CONNECTIONS * 25);
  });
});

describe('D2', () => {
  test('a deadlock is retried: both transactions succeed, each with its effect once', async () => {
    await transaction((tx) => tx.query(PUT, [1, 0]).then(() => tx.query(PUT, [2, 0])));
    let attempts = 0;
    const { promise: bothHoldOne, resolve } = Promise.withResolvers<void>();
    const swap = (first: number, second: number): Promise<void> =>
      transaction(async (tx) => {
        const rows = await tx.query<{ n: number }>(LOCK, [first]);
        if (++attempts === 2) resolve();
        await bothHoldOne;
        await tx.query(LOCK, [second]);
        await tx.query(SET, [first, (rows[0]?.n ?? 0) + 1]);
      });
    await Promise.all([swap(1, 2), swap(2, 1)]);
    expect(await things()).toEqual([
      { id: 1, n: 1 },
      { id: 2, n: 1 },
    ]);
    expect(attempts).toBeGreaterThan(2);
  });

  test('it is given up after a bounded number of attempts, with the error as it was', async () => {
    let attempts = 0;
    const RAISE = sql('test.raise', `DO $$ BEGIN RAISE SQLSTATE '40001' USING MESSAGE = 'again and again'; END $$`);
    const hopeless = transaction((tx) => {
      attempts++;
      return tx.query(RAISE);
    });
    await expect(hopeless).rejects.toThrow('again and again');
    expect(attempts).toBe(5);
  });

  test('nothing else is retried', async () => {
    let attempts = 0;
    const twice = transaction(async (tx) => {
      attempts++;
      await tx.query(PUT, [1, 1]);
      await tx.query(PUT, [1, 1]);
    });
    await expect(twice).rejects.toMatchObject({ code: '23505' });
    expect(attempts).toBe(1);
  });
});

describe('a connection that is lost', () => {
  test('during a statement makes the database Unavailable, and the next transaction finds another', async () => {
    const { promise: pid, resolve: tellPid } = Promise.withResolvers<number>();
    const lost = transaction(async (tx) => {
      await tx.query(PUT, [1, 1]);
      tellPid(await pidOf(tx));
      await tx.query(SLEEP);
    });
    const fault = lost.catch((reason: unknown) => reason);
    await other.query(KILL, [await pid]);
    expect(await fault).toBeInstanceOf(Unavailable);
    await transaction((tx) => tx.query(PUT, [2, 2]));
    expect(await things()).toEqual([{ id: 2, n: 2 }]);
  });

  test('between two statements does the same', async () => {
    const lost = transaction(async (tx) => {
      await tx.query(PUT, [1, 1]);
      await other.query(KILL, [await pidOf(tx)]);
      await sleep(50);
      await tx.query(PUT, [2, 2]);
    });
    await expect(lost).rejects.toThrow(Unavailable);
    await transaction((tx) => tx.query(PUT, [3, 3]));
    expect(await things()).toEqual([{ id: 3, n: 3 }]);
  });

  test('while nobody uses it is replaced in silence', async () => {
    await Promise.all(Array.from({ length: POOL_CONNECTIONS }, () => database.query(ALL)));
    await other.query(KILL_OTHERS);
    await sleep(50);
    expect(await database.query(ALL)).toEqual([]);
    expect(await transaction(() => Promise.resolve('fine'))).toBe('fine');
  });

  test('by all at once, under load, costs those in flight only', async () => {
    const put = (id: number): Promise<number> => transaction((tx) => tx.query(PUT, [id, 0]).then(() => sleep(2))).then(() => id);
    const load = Promise.allSettled(Array.from({ length: 60 }, (_, id) => put(id)));
    await sleep(10);
    await other.query(KILL_OTHERS);
    const settled = await load;
    const faults = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    expect(faults.filter((fault) => !(fault instanceof Unavailable))).toEqual([]);
    const committed = settled.flatMap((each) => (each.status === 'fulfilled' ? [{ id: each.value, n: 0 }] : []));
    expect(await things()).toEqual(expect.arrayContaining(committed));
    await Promise.all(Array.from({ length: POOL_CONNECTIONS * 2 }, (_, id) => put(1_000 + id)));
  });
});

test('a server that is not there is Unavailable, for statements and transactions', async () => {
  const nowhere = new Database({ url: fresh.url.replace(/@?[^/@]*\/[^/]+$/, '@127.0.0.1:1/nowhere') });
  await expect(nowhere.query(ALL)).rejects.toThrow(Unavailable);
  await expect(nowhere.transaction('order', () => Promise.resolve())).rejects.toThrow(Unavailable);
  await nowhere.close();
});

test('integers beyond 2^53 are a fault, not another number', async () => {
  await expect(database.query(sql('test.huge', 'SELECT 9007199254740993 AS n'))).rejects.toThrow('out of the safe range');
});
