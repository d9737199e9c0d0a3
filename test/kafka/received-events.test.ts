import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LOG_SHARDS, type LoggedEvent } from '../../src/messaging/event-log.js';
import { type Gap, ReceivedEvents } from '../../src/messaging/kafka/received-events.js';
import { PgCursorStore } from '../../src/messaging/postgres/pg-cursor-store.js';
import { Happened, happened, startWorld, type World } from '../messaging/world.js';

const IDENTITY = { subscriber: 'product.note', type: Happened.type, source: 'order' };
const SHARD = 1;
const HELD_MAX = 1_000;

let world: World;
let cursors: PgCursorStore;
let asked: Gap[];
let lost: [Gap, number][];
let done: number[];
let feed: ReceivedEvents;

beforeEach(async () => {
  world = await startWorld();
  cursors = new PgCursorStore(world.databases.of('product'));
  await cursors.open([IDENTITY], []);
  [asked, lost, done] = [[], [], []];
  feed = new ReceivedEvents({
    identity: IDENTITY,
    cursors,
    unitOfWork: world.databases.of('product'),
    arrived: () => {},
    askForRewind: (gap) => void asked.push(gap),
    onLoss: (gap, firstKept) => void lost.push([gap, firstKept]),
  });
});
afterEach(() => world.stop());

const eventAt = (position: number): LoggedEvent => {
  const [event] = happened({ subject: LOG_SHARDS * position + SHARD, n: position });
  if (!event) throw new Error('nothing happened');
  return { ...event, shard: SHARD, position };
};
const take = (position: number, floor = 1): Promise<void> => feed.take({ event: eventAt(position), floor }, () => void done.push(position));
const takeAll = async (...positions: number[]): Promise<void> => void (await Promise.all(positions.map((position) => take(position))));
const readAfter = async (position: number, rowsMax = 64): Promise<number[]> =>
  (await feed.read(Happened.type, [{ shard: SHARD, position }], rowsMax)).map((event) => event.position);
const moveCursor = (position: number): Promise<void> =>
  world.databases.of('product').run((tx) => cursors.advance(tx, IDENTITY, [{ shard: SHARD, position }]));

describe('what is read', () => {
  test('N1: is in order, though it came in another', async () => {
    await takeAll(3, 1, 2);
    expect(await readAfter(0)).toEqual([1, 2, 3]);
  });

  test('N1: has no event twice, though some came twice', async () => {
    await takeAll(1, 2, 1, 2, 3);
    expect(await readAfter(0)).toEqual([1, 2, 3]);
    expect(await readAfter(3)).toEqual([]);
    await takeAll(2, 3);
    expect(await readAfter(3)).toEqual([]);
  });

  test('is no more than was asked for', async () => {
    await takeAll(1, 2, 3);
    expect(await readAfter(0, 2)).toEqual([1, 2]);
  });
});

describe('N2: a gap', () => {
  test('stops its shard, and the publisher is asked once in a while', async () => {
    await takeAll(1, 3, 4);
    expect(await readAfter(0)).toEqual([1]);
    await moveCursor(1);
    expect([await readAfter(1), await readAfter(1), await readAfter(1)]).toEqual([[], [], []]);
    expect(asked).toEqual([{ ...IDENTITY, shard: SHARD, from: 2 }]);
  });

  test('is over when what was missing has come', async () => {
    await takeAll(2);
    expect(await readAfter(0)).toEqual([]);
    await takeAll(1, 2);
    expect(await readAfter(0)).toEqual([1, 2]);
  });

  test('leaves the other shards alone', async () => {
    await takeAll(2);
    await feed.take({ event: { ...eventAt(1), shard: SHARD + 1 }, floor: 1 }, () => {});
    const events = await feed.read(
      Happened.type,
      [SHARD, SHARD + 1].map((shard) => ({ shard, position: 0 })),
      64,
    );
    expect(events.map(({ shard, position }) => [shard, position])).toEqual([[SHARD + 1, 1]]);
  });

  test('N3: is none when another process has handled what is missing', async () => {
    await takeAll(6, 7);
    await moveCursor(5);
    expect(await readAfter(2)).toEqual([6, 7]);
    expect(asked).toEqual([]);
  });
});

describe('what the log has dropped', () => {
  test('is passed over by a new subscriber: it begins with the oldest event that is kept', async () => {
    await take(5, 5);
    expect(await readAfter(0)).toEqual([5]);
    expect(await cursors.positions(IDENTITY)).toContainEqual({ shard: SHARD, position: 4 });
    expect([asked, lost]).toEqual([[], []]);
  });

  test('is asked for as far as it is kept', async () => {
    await take(7, 5);
    expect(await readAfter(0)).toEqual([]);
    expect(await readAfter(0)).toEqual([]);
    expect(asked).toEqual([{ ...IDENTITY, shard: SHARD, from: 5 }]);
  });

  test('is told of as a loss by a subscriber that had come nearly so far', async () => {
    await moveCursor(2);
    await take(5, 5);
    expect(await readAfter(2)).toEqual([5]);
    expect(lost).toEqual([[{ ...IDENTITY, shard: SHARD, from: 3 }, 5]]);
  });

  test('is not passed over while another process has the cursor', async () => {
    await take(5, 5);
    const { promise: locked, resolve: lock } = Promise.withResolvers<void>();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const other = world.process().of('product');
    const working = other.run(async (tx) => {
      await new PgCursorStore(other).lock(tx, IDENTITY, [SHARD]);
      lock();
      await released;
    });
    await locked;
    expect(await readAfter(0)).toEqual([]);
    release();
    await working;
    expect(await readAfter(0)).toEqual([5]);
  });
});

describe('N4: a message is done with', () => {
  test('when the cursor has passed its event', async () => {
    await takeAll(1, 2, 3);
    await readAfter(0);
    expect(done).toEqual([]);
    await readAfter(2);
    expect(done).toEqual([1, 2]);
  });

  test('at once when its event has been handled', async () => {
    await takeAll(1);
    await readAfter(1);
    await takeAll(1);
    expect(done).toEqual([1, 1]);
  });

  test('when a later one carries the same event, which then stands for it', async () => {
    await takeAll(1, 1);
    expect(done).toEqual([1]);
    await readAfter(1);
    expect(done).toEqual([1, 1]);
  });
});

describe('N5: a full shard', () => {
  test('makes the reader wait until some are handled', async () => {
    await takeAll(...Array.from({ length: HELD_MAX }, (_, index) => index + 1));
    let taken = false;
    const taking = take(HELD_MAX + 1).then(() => (taken = true));
    expect(await readAfter(0, 1)).toEqual([1]);
    expect(taken).toBe(false);
    await readAfter(1);
    await taking;
    expect(await readAfter(HELD_MAX)).toEqual([HELD_MAX + 1]);
  });

  test('that waits for an earlier event drops what does not fit, and takes what it waits for', async () => {
    await takeAll(...Array.from({ length: HELD_MAX + 10 }, (_, index) => index + 2));
    expect(done).toHaveLength(10);
    await take(1);
    expect(await readAfter(0, HELD_MAX + 20)).toHaveLength(HELD_MAX + 1);
  });
});
