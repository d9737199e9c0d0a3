import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LOG_SHARDS, type LoggedEvent, shardOf } from '../../src/messaging/event-log.js';
import { bySubject, happened, happeningOf, ORIGIN, startWorld, type World } from './world.js';

const WRITERS = 32;
const TRANSACTIONS_PER_WRITER = 25;
const SUBJECTS = 24;
const EVENTS_PER_TRANSACTION_MAX = 8;

let world: World;
beforeEach(async () => {
  world = await startWorld({ poolConnectionsMax: WRITERS + 4 });
});
afterEach(() => world.stop());

const random = (below: number): number => Math.floor(Math.random() * below);
const rolledBack = (): never => {
  throw new Error('rolled back');
};

/** Fails unless the events of each shard count on from `last` without gap; moves `last`. */
function expectToFollow(last: Map<number, number>, events: readonly LoggedEvent[]): void {
  for (const { shard, position } of events) {
    expect({ shard, position }).toEqual({ shard, position: (last.get(shard) ?? 0) + 1 });
    last.set(shard, position);
  }
}

test('L1, L2: 32 writers with random rollbacks leave gapless positions in commit order, and a reader beside them skips nothing', async () => {
  const order = world.databases.of('order');
  const committed: string[] = [];
  let [runs, attempts, numbers] = [0, 0, 0];

  const write = async (writer: number): Promise<void> => {
    for (let turn = 0; turn < TRANSACTIONS_PER_WRITER; turn++) {
      const happenings = Array.from({ length: 1 + random(EVENTS_PER_TRANSACTION_MAX) }, () => ({
        subject: 1 + random(SUBJECTS),
        n: ++numbers,
      }));
      // Each writer's own subject tells the order of its commits.
      const events = happened(...happenings, { subject: 1_000 + writer, n: turn });
      const fails = random(4) === 0;
      runs++;
      const done = await order
        .run(async (tx) => {
          attempts++;
          tx.beforeCommit(() => world.log.append(tx, events));
          if (fails) tx.beforeCommit(rolledBack);
        })
        .then(
          () => true,
          () => false,
        );
      expect(done).toBe(!fails);
      if (done) committed.push(...events.map(({ id }) => id));
    }
  };

  const read: LoggedEvent[] = [];
  const last = new Map<number, number>();
  let writing = true;
  const follow = async (): Promise<void> => {
    for (;;) {
      const lastRound = !writing;
      const after = ORIGIN.map(({ shard }) => ({ shard, position: last.get(shard) ?? 0 }));
      const events = await world.log.read('test.happened', after, 7);
      expectToFollow(last, events);
      read.push(...events);
      if (lastRound && events.length === 0) return;
    }
  };

  const following = follow();
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer))).finally(() => (writing = false));
  await following;

  expect(read.map(({ id }) => id).toSorted()).toEqual(committed.toSorted());
  // A deadlock would have been retried, so each transaction ran once.
  expect(attempts).toBe(runs);
  for (const turns of Object.values(bySubject(read.map(happeningOf).filter(({ subject }) => subject >= 1_000)))) {
    expect(turns).toEqual(turns.toSorted((a, b) => a - b));
  }
  expect(await world.log.heads('test.happened')).toEqual(
    [...last].map(([shard, position]) => ({ shard, position })).toSorted((a, b) => a.shard - b.shard),
  );
});

describe('a transaction that has appended but not committed', () => {
  test('shows nothing, holds up its shards only, and its rollback gives its positions to the next', async () => {
    const order = world.databases.of('order');
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
    const { promise: appended, resolve: hasAppended } = Promise.withResolvers<void>();
    const first = order.run(async (tx) => {
      await world.log.append(tx, happened({ subject: 1, n: 1 }, { subject: 1, n: 2 }));
      hasAppended();
      await held;
      rolledBack();
    });
    await appended;
    const second = world.append({ subject: 1 + LOG_SHARDS, n: 3 });
    await world.untilSomebodyWaits();
    await world.append({ subject: 2, n: 4 });
    expect((await world.logged()).map(happeningOf)).toEqual([{ subject: 2, n: 4 }]);

    letGo();
    await expect(first).rejects.toThrow('rolled back');
    await second;
    expect((await world.logged()).map(({ shard, position, data }) => ({ shard, position, data }))).toEqual([
      { shard: 1, position: 1, data: { subject: 1 + LOG_SHARDS, n: 3 } },
      { shard: 2, position: 1, data: { subject: 2, n: 4 } },
    ]);
  });
});

test('the events of one transaction keep the order in which they were published', async () => {
  const published = Array.from({ length: 200 }, (_, n) => ({ subject: 1 + (n % 40), n }));
  await world.append(...published);
  expect(bySubject((await world.logged()).map(happeningOf))).toEqual(bySubject(published));
});

test('an event comes out of the log as it went in', async () => {
  const [event] = happened({ subject: Number.MAX_SAFE_INTEGER, n: Number.MIN_SAFE_INTEGER });
  await world.databases.of('order').run((tx) => world.log.append(tx, event ? [event] : []));
  const subject = String(Number.MAX_SAFE_INTEGER);
  expect(await world.logged()).toEqual([{ ...event, subject, shard: shardOf(subject), position: 1 }]);
});

test('L1: an event that the log cannot take takes its transaction with it', async () => {
  const order = world.databases.of('order');
  const [event] = happened({ subject: 1, n: 1 });
  const strangers = event ? [event, { ...event, type: 'test.unheard-of' }] : [];
  await expect(order.run((tx) => world.log.append(tx, strangers))).rejects.toThrow('no partition of relation "event_log" found for row');
  expect(await world.logged()).toEqual([]);
  expect(await world.log.heads('test.happened')).toEqual([]);
});

test('a page has at most so many events of each shard, and the next goes on where it ended', async () => {
  await world.append(
    ...Array.from({ length: 5 }, (_, n) => ({ subject: 1, n })),
    ...Array.from({ length: 2 }, (_, n) => ({ subject: 2, n })),
  );
  const page = async (...after: readonly (readonly [number, number])[]) => {
    const events = await world.log.read(
      'test.happened',
      after.map(([shard, position]) => ({ shard, position })),
      3,
    );
    return bySubject(events.map(happeningOf));
  };
  expect(await page([1, 0], [2, 0])).toEqual({ 1: [0, 1, 2], 2: [0, 1] });
  expect(await page([1, 3], [2, 2])).toEqual({ 1: [3, 4] });
  expect(await page([2, 0])).toEqual({ 2: [0, 1] });
  expect(await page()).toEqual({});
});

test('opening a log again keeps what is in it', async () => {
  await world.append({ subject: 1, n: 1 });
  await world.log.open(['test.happened', 'test.other']);
  await world.append({ subject: 1, n: 2 });
  expect((await world.logged()).map(({ position }) => position)).toEqual([1, 2]);
});
