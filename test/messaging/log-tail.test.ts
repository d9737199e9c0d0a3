import { afterEach, beforeEach, expect, test } from 'vitest';
import { EventFeed, type LoggedEvent, type ShardPosition } from '../../src/messaging/event-log.js';
import { LogTail } from '../../src/messaging/log-tail.js';
import { Happened, happened, ORIGIN, startWorld, type World } from './world.js';

const ROWS_MAX = 64;

/** The log, and how often it was looked into. */
class WatchedLog extends EventFeed {
  reads = 0;
  rows = 0;
  fault: Error | undefined;

  constructor(private readonly log: EventFeed) {
    super();
  }

  override get source(): string {
    return this.log.source;
  }

  override async read(type: string, after: readonly ShardPosition[], rowsMaxPerShard: number): Promise<readonly LoggedEvent[]> {
    this.reads++;
    if (this.fault) throw this.fault;
    const found = await this.log.read(type, after, rowsMaxPerShard);
    this.rows += found.length;
    return found;
  }

  override heads(type: string): Promise<readonly ShardPosition[]> {
    return this.log.heads(type);
  }
}

let world: World;
let log: WatchedLog;
let tail: LogTail;
beforeEach(async () => {
  world = await startWorld();
  log = new WatchedLog(world.log);
  tail = new LogTail(log);
});
afterEach(() => world.stop());

const append = (...numbers: readonly number[]): Promise<void> =>
  world.databases.of('order').run((tx) => world.log.append(tx, happened(...numbers.map((n) => ({ subject: 1, n })))));
const read = (after: readonly ShardPosition[]): Promise<readonly LoggedEvent[]> => tail.read(Happened.type, after, ROWS_MAX);
const after = (position: number): ShardPosition[] => ORIGIN.map(({ shard }) => ({ shard, position: shard === 1 ? position : 0 }));
const numbersOf = (events: readonly LoggedEvent[]): number[] => events.map(({ data }) => (data as { n: number }).n);

test('readers who ask together are answered by one look, each from its own place', async () => {
  await append(1, 2, 3);
  await read(ORIGIN);
  const [first, second, third] = await Promise.all([read(ORIGIN), read(after(1)), read(after(3))]);
  expect([first, second, third].map((events) => numbersOf(events ?? []))).toEqual([[1, 2, 3], [2, 3], []]);
  expect(log).toMatchObject({ reads: 2, rows: 3 });
});

test('L3: what was committed before a read is in its answer', async () => {
  for (let n = 1; n <= 20; n++) {
    const early = read(after(n - 1));
    await append(n);
    expect(numbersOf(await read(after(n - 1)))).toEqual([n]);
    await early;
  }
});

test('a reader that is further behind than what is kept reads from the log', async () => {
  await append(...Array.from({ length: 100 }, (_, index) => index + 1));
  await read(after(90));
  expect(numbersOf(await read(after(10)))).toEqual(Array.from({ length: ROWS_MAX }, (_, index) => index + 11));
  expect(numbersOf(await read(after(95)))).toEqual([96, 97, 98, 99, 100]);
});

test('a reader that is ahead of all others is no gap for them', async () => {
  await append(1, 2, 3);
  expect(numbersOf(await read(after(2)))).toEqual([3]);
  expect(numbersOf(await read(after(0)))).toEqual([1, 2, 3]);
});

test('after a fault nothing that was kept counts any more', async () => {
  await append(1);
  await read(ORIGIN);
  log.fault = new Error('the database is away');
  await expect(read(ORIGIN)).rejects.toThrow('away');
  log.fault = undefined;
  const before = log.rows;
  expect(numbersOf(await read(ORIGIN))).toEqual([1]);
  expect(log.rows).toBe(before + 1);
});
