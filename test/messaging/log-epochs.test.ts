import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '../../src/database/database.js';
import { LOG_SHARDS } from '../../src/messaging/event-log.js';
import { PgCursorStore } from '../../src/messaging/postgres/pg-cursor-store.js';
import { BEGINS, ENDS, type EpochsWorld, startEpochsWorld } from './epochs-world.js';
import { bySubject, Happened, happened, times, until } from './world.js';

const NEVER_MS = 1_000_000_000;
const SUBJECTS = Array.from({ length: LOG_SHARDS }, (_, shard) => shard + LOG_SHARDS);

let world: EpochsWorld;
beforeEach(async () => {
  world = await startEpochsWorld();
});
afterEach(() => world.stop());

const failureOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no failure',
    (fault: Error) => fault.message,
  );

describe('an epoch begins', () => {
  test('R1: with a partition of its own, and readers go on across it in order', async () => {
    await world.append(...times(1, 3), ...times(2, 1));
    await world.begin();
    await world.append(...times(1, 2, 4));
    await world.begin();
    await world.append(...times(1, 1, 6), ...times(2, 1, 2));
    expect(await world.partitions()).toEqual(['event_log_0: 4', 'event_log_1: 2', 'event_log_2: 2', 'event_log_3: 0']);
    await world.readAll(await world.reader());
    expect(bySubject(await world.effects())).toEqual(bySubject([...times(1, 6), ...times(2, 2)]));
    await world.expectCleanLog();
  });

  test('R1: while many append: each epoch holds one run of positions, and a reader beside it skips nothing', async () => {
    const consumer = await world.reader();
    const appending = new AbortController();
    const rounds = [0, 0, 0, 0];
    const write = async (writer: number): Promise<void> => {
      for (let n = 1; !appending.signal.aborted; rounds[writer] = n++) {
        await world.append(...SUBJECTS.map((subject) => ({ subject, n: writer * 1_000_000 + n })));
      }
    };
    const writers = rounds.map((_, writer) => write(writer));
    for (let epoch = 1; epoch <= 5; epoch++) {
      await world.prepare();
      const before = [...rounds];
      await until('nobody appends any more who did when there was no partition', () =>
        rounds.every((n, index) => n > (before[index] ?? 0) + 1),
      );
      expect(await world.patientRound(world.epochs(BEGINS))).toEqual({ did: 'began', heldBy: [] });
      consumer.hint();
    }
    appending.abort();
    await Promise.all(writers);
    await world.readAll(consumer);
    expect(await world.effects()).toHaveLength(rounds.reduce((sum, n) => sum + n) * SUBJECTS.length);
    await world.expectCleanLog();
    const broken = await world.query(
      `SELECT shard, epoch FROM shop_order.event_log JOIN shop_order.event_log_epoch_start USING (topic, shard, epoch)
       GROUP BY shard, epoch, first_position HAVING min(position) <> first_position OR max(position) - min(position) + 1 <> count(*)`,
    );
    expect(broken).toEqual([]);
  });

  test('R1: not, when its partition cannot be made: the log goes on in the one it has', async () => {
    await world.query('CREATE TABLE shop_order.event_log_1 ()');
    await expect(world.epochs(BEGINS).round()).rejects.toThrow('already exists');
    await world.append(...times(1, 2));
    await world.query('DROP TABLE shop_order.event_log_1');
    await world.begin();
    await world.append(...times(1, 2, 3));
    expect(await world.partitions()).toEqual(['event_log_0: 2', 'event_log_1: 2', 'event_log_2: 0']);
  });

  test('R4: not, when somebody holds a head: appends to the others wait a moment only', async () => {
    await world.prepare();
    const order = world.databases.of('order');
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
    const { promise: appended, resolve: hasAppended } = Promise.withResolvers<void>();
    const holder = order.run(async (tx) => {
      await world.log.append(tx, happened(...times(1, 1)));
      hasAppended();
      await held;
    });
    await appended;
    const beginning = failureOf(world.epochs(BEGINS).round());
    await world.append(...times(0, 1));
    expect(await beginning).toContain('lock timeout');
    letGo();
    await holder;
    await world.begin();
  });

  test('R1: a topic that is new in the middle of an epoch is read from its beginning', async () => {
    await world.begin();
    await world.log.open(['test.other']);
    const other = happened(...times(1, 2)).map((event) => ({ ...event, type: 'test.other' }));
    await world.databases.of('order').run((tx) => world.log.append(tx, other));
    await world.begin();
    expect(await world.log.read('test.other', [{ shard: 1, position: 0 }], 10)).toHaveLength(2);
  });
});

describe('an epoch ends', () => {
  test('R2: not before its retention is over, although all have read it', async () => {
    const consumer = await world.reader();
    await world.append(...times(1, 3));
    await world.begin();
    await world.readAll(consumer);
    const day = 24 * 60 * 60_000;
    await world.query(`UPDATE shop_order.event_log_epoch SET began_at = began_at - interval '6 days 23 hours'`);
    const week = world.epochs({ epochMs: NEVER_MS, retentionMs: 7 * day, graceMs: 0 });
    expect(await world.rounds(week)).toEqual([]);
    await world.query(`UPDATE shop_order.event_log_epoch SET began_at = began_at - interval '1 hour'`);
    expect(await world.rounds(week)).toEqual(['retired', 'dropped']);
    expect(await world.partitions()).toEqual(['event_log_1: 0', 'event_log_2: 0']);
    await world.expectCleanLog();
  });

  test('R2: not before the last of its subscribers, whichever domain it is of, has read it to the end', async () => {
    const quick = await world.reader();
    const slow = await world.consumer(
      { mode: 'transaction', handle: (tx, events) => world.recordEffects(tx, events) },
      { subscriber: 'product.slow' },
    );
    await world.append(...times(1, 3), ...times(2, 3));
    await world.begin();
    await world.append(...times(1, 1, 4));
    await world.readAll(quick);
    const waiting = { did: 'nothing', heldBy: ['product.slow'] };
    expect(await world.epochs(ENDS).round()).toEqual(waiting);
    await world.query(`UPDATE shop_product.event_cursor SET position = 3 WHERE subscriber = 'product.slow' AND shard = 1`);
    await world.query(`UPDATE shop_product.event_cursor SET position = 2 WHERE subscriber = 'product.slow' AND shard = 2`);
    expect(await world.epochs(ENDS).round()).toEqual(waiting);
    slow.start();
    await world.readAll(slow);
    expect(await world.rounds(world.epochs(ENDS))).toEqual(['retired', 'dropped']);
    expect(await world.effects()).toHaveLength(7 + 2);
    await world.expectCleanLog();
  });

  test('R2: a new subscriber begins at the floor, and hears what is kept', async () => {
    const first = await world.reader();
    await world.append(...times(1, 3));
    await world.begin();
    await world.append(...times(1, 2, 4));
    await world.readAll(first);
    await world.rounds(world.epochs(ENDS));
    const product = new PgCursorStore(world.databases.of('product'));
    const newcomer = { subscriber: 'product.newcomer', type: Happened.type, source: 'order' };
    expect(await product.unopened([first.identity, newcomer])).toEqual([newcomer]);
    await world.epochs(ENDS).atFloor((floors) => product.open([newcomer], floors));
    await world.readAll(await world.reader('product.newcomer'));
    expect((await world.effects()).slice(5)).toEqual(times(1, 2, 4));
  });

  test('R2: not while a new subscriber makes its cursors', async () => {
    await world.append(...times(1, 1));
    await world.begin();
    await world.epochs(ENDS).atFloor(async () => expect(await world.epochs(ENDS).round()).toEqual({ did: 'nothing', heldBy: [] }));
    expect(await world.epochs(ENDS).round()).toEqual({ did: 'retired', heldBy: [] });
  });

  test('R4: while a long transaction reads the log and others append: nobody fails, and the partition goes afterwards', async () => {
    await world.append(...times(1, 3));
    await world.begin();
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
    const { promise: began, resolve: begun } = Promise.withResolvers<void>();
    const long = new Database({ url: world.url, poolConnectionsMax: 1 });
    const reading = long.transaction('order', async (tx) => {
      await tx.query({ name: 'test.one-snapshot', text: 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ' });
      const count = (): Promise<object[]> => tx.query({ name: 'test.count', text: 'SELECT count(*) AS events FROM shop_order.event_log' });
      expect(await count()).toEqual([{ events: 3 }]);
      begun();
      await held;
      expect(await count()).toEqual([{ events: 3 }]);
    });
    await began;
    expect(await world.epochs(ENDS).round()).toEqual({ did: 'retired', heldBy: [] });
    const dropping = failureOf(world.epochs(ENDS).round());
    await Promise.all(Array.from({ length: 50 }, (_, n) => world.append({ subject: n, n })));
    expect(await dropping).toContain('lock timeout');
    await expect(world.epochs(ENDS).round()).rejects.toThrow('lock timeout');
    await world.append(...times(1, 1, 4));
    await world.expectCleanLog();
    letGo();
    await reading;
    await long.close();
    expect(await world.rounds(world.epochs(ENDS))).toEqual(['dropped']);
    expect(await world.partitions()).toEqual(['event_log_1: 51', 'event_log_2: 0']);
    await world.expectCleanLog();
  });
});

test('whoever keeps up looks into no partition before the last, and into that by its index', async () => {
  for (let epoch = 0; epoch < 4; epoch++) {
    await world.append(...SUBJECTS.flatMap((subject) => times(subject, 100)));
    await world.begin();
  }
  await world.append(...SUBJECTS.flatMap((subject) => times(subject, 100)));
  await world.query('ANALYZE shop_order.event_log, shop_order.event_log_epoch_start');
  const atTheEnd = SUBJECTS.map((_, shard) => ({ shard, position: 499 }));
  const before = await scans();
  // Enough to make the server use a plan for all values instead of one for each.
  for (let read = 0; read < 10; read++) expect(await world.log.read(Happened.type, atTheEnd, 64)).toHaveLength(LOG_SHARDS);
  // The statistics of a session are there when it has ended.
  await world.breakConnections();
  await until('the reads have been counted', async () => (await scans()).at(4)?.by_index !== before.at(4)?.by_index);
  const used = (await scans()).map(({ by_index, sequential }, index) => [by_index - (before[index]?.by_index ?? 0), sequential]);
  expect(used.slice(0, 4)).toEqual(before.slice(0, 4).map(({ sequential }) => [0, sequential]));
  expect(used[4]).toEqual([10 * LOG_SHARDS, before[4]?.sequential]);
});

async function scans(): Promise<readonly { readonly by_index: number; readonly sequential: number }[]> {
  return world.query(
    `SELECT idx_scan::int AS by_index, seq_scan::int AS sequential FROM pg_stat_user_tables
     WHERE schemaname = 'shop_order' AND relname ~ '^event_log_\\d+$' ORDER BY relname`,
  );
}
