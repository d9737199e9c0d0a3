import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Unavailable } from '../../src/kernel/faults.js';
import type { Transaction } from '../../src/kernel/transaction.js';
import type { ShopEvent } from '../../src/messaging/event.js';
import { LOG_SHARDS } from '../../src/messaging/event-log.js';
import { PgCursorStore } from '../../src/messaging/postgres/pg-cursor-store.js';
import { PgEventLog } from '../../src/messaging/postgres/pg-event-log.js';
import { bySubject, type Happening, startWorld, times, until, type World } from './world.js';

const SHARDS = Array.from({ length: LOG_SHARDS }, (_, shard) => shard);

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.stop());

const expectDelivered = (...happenings: readonly Happening[]): Promise<void> =>
  until('all was delivered', async () => (await world.effects()).length >= happenings.length).then(async () =>
    expect(bySubject(await world.effects())).toEqual(bySubject(happenings)),
  );
const recording = {
  mode: 'transaction',
  handle: (tx: Transaction, events: readonly ShopEvent[]) => world.recordEffects(tx, events),
} as const;

describe('C1: exactly one effect', () => {
  test('of an event whose first transaction was aborted after the effect', async () => {
    let aborts = 3;
    const consumer = await world.consumer({
      mode: 'transaction',
      handle: async (tx, events) => {
        await world.recordEffects(tx, events);
        if (aborts-- > 0) throw new Error('aborted');
      },
    });
    const all = [...times(1, 3), ...times(2, 3)];
    await world.append(...all);
    consumer.start();
    await expectDelivered(...all);
    expect(aborts).toBeLessThan(0);
    expect(await consumer.lag()).toBe(0);
  });

  test('across a restart: the next consumer goes on where the last one ended', async () => {
    const first = await world.consumer(recording);
    first.start();
    await world.append(...times(1, 10));
    first.hint();
    await expectDelivered(...times(1, 10));
    await first.stop();
    await world.append(...times(1, 10, 11));
    const second = await world.consumer(recording);
    expect(await second.lag()).toBe(10);
    second.start();
    await expectDelivered(...times(1, 20));
  });

  test('while connections break under it', async () => {
    const faults: unknown[] = [];
    const consumer = await world.consumer(
      { mode: 'transaction', handle: (tx, events) => world.recordEffects(tx, events).then(() => sleep(5)) },
      { onFault: (fault) => faults.push(fault) },
    );
    const all = SHARDS.flatMap((shard) => times(shard + LOG_SHARDS, 150));
    await world.append(...all);
    consumer.start();
    for (let breaks = 0; breaks < 3; breaks++) {
      const before = (await world.effects()).length;
      await until('something more was delivered', async () => (await world.effects()).length > before || before === all.length);
      await world.breakConnections();
    }
    await expectDelivered(...all);
    expect(await world.effects()).toHaveLength(all.length);
  });

  test('for two subscribers each its own', async () => {
    const heard: string[] = [];
    const listening = (subscriber: string) =>
      world.consumer(
        { mode: 'transaction', handle: (_, events) => Promise.resolve(heard.push(...events.map(({ id }) => `${subscriber} ${id}`))) },
        { subscriber },
      );
    const both = await Promise.all([listening('product.one'), listening('product.two')]);
    await world.append(...times(1, 2));
    for (const consumer of both) consumer.start();
    await until('both have heard', () => heard.length === 4);
    expect(heard.toSorted()).toEqual(
      ['product.one', 'product.two'].flatMap((who) => [`${who} test.happened:1:1`, `${who} test.happened:1:2`]),
    );
  });
});

describe('two consumers of one subscriber, each in a process of its own,', () => {
  test('do everything once and in order, whoever does it', async () => {
    const two = await Promise.all([world.consumer(recording), world.consumer(recording, { at: world.process() })]);
    for (const consumer of two) consumer.start();
    const subjects = Array.from({ length: 40 }, (_, subject) => subject);
    for (let round = 0; round < 10; round++) {
      await world.append(...subjects.flatMap((subject) => times(subject, 3, round * 3 + 1)));
      for (const consumer of two) consumer.hint();
    }
    await expectDelivered(...subjects.flatMap((subject) => times(subject, 30)));
    expect(await world.effects()).toHaveLength(subjects.length * 30);
  });

  test('share: what one works on the other leaves alone, and does the rest', async () => {
    const { promise: gate, resolve: letGo } = Promise.withResolvers<void>();
    const { promise: began, resolve: begin } = Promise.withResolvers<void>();
    const slow = await world.consumer({
      mode: 'transaction',
      handle: async (tx, events) => {
        begin();
        await gate;
        await world.recordEffects(tx, events);
      },
    });
    await world.append(...times(1, 2));
    slow.start();
    await began;
    const quick = await world.consumer(recording, { at: world.process() });
    quick.start();
    await world.append(...times(1, 1, 3), ...times(2, 2));
    await expectDelivered(...times(2, 2));
    letGo();
    await expectDelivered(...times(1, 3), ...times(2, 2));
  });

  test('do not keep asking for what the other works on', async () => {
    let reads = 0;
    class CountingLog extends PgEventLog {
      override read(...parameters: Parameters<PgEventLog['read']>): ReturnType<PgEventLog['read']> {
        reads++;
        return super.read(...parameters);
      }
    }
    const consumer = await world.consumer(recording, { log: new CountingLog(world.databases.of('order')) });
    const product = world.databases.of('product');
    const { promise: gate, resolve: letGo } = Promise.withResolvers<void>();
    const { promise: locked, resolve: hasLocked } = Promise.withResolvers<void>();
    const otherProcess = product.run(async (tx) => {
      await new PgCursorStore(product).lock(tx, consumer.identity, SHARDS);
      hasLocked();
      await gate;
    });
    await locked;
    await world.append(...times(1, 1));
    consumer.start();
    await sleep(500);
    letGo();
    await otherProcess;
    // Without any rest it would have asked some hundred times.
    expect(reads).toBeLessThan(30);
    await expectDelivered(...times(1, 1));
  });
});

test('C5: an outage parks nothing; when it is over, all is delivered in order', async () => {
  const faults: { readonly failures: number; readonly event: unknown }[] = [];
  let away = true;
  const consumer = await world.consumer(
    {
      mode: 'transaction',
      handle: async (tx, events) => {
        if (away) throw new Unavailable('the database is not available');
        await world.recordEffects(tx, events);
      },
    },
    { onFault: (_, { failures, event }) => faults.push({ failures, event }) },
  );
  await world.append(...times(1, 2), ...times(2, 2));
  consumer.start();
  await until('it was tried again', () => faults.length >= 3);
  expect(faults.slice(0, 3)).toEqual([1, 2, 3].map((failures) => ({ failures, event: undefined })));
  expect(await world.parked()).toEqual([]);
  away = false;
  await expectDelivered(...times(1, 2), ...times(2, 2));
});

test('C4: an event whose hint was lost is delivered at the next poll', async () => {
  const consumer = await world.consumer(recording);
  consumer.start();
  await world.append(...times(1, 1));
  await expectDelivered(...times(1, 1));
  await world.append(...times(1, 1, 2));
  await expectDelivered(...times(1, 2));
});

test('stopping finishes the batch in hand, and takes no other', async () => {
  const { promise: gate, resolve: letGo } = Promise.withResolvers<void>();
  const { promise: began, resolve: begin } = Promise.withResolvers<void>();
  const consumer = await world.consumer({
    mode: 'transaction',
    handle: async (tx, events) => {
      begin();
      await gate;
      await world.recordEffects(tx, events);
    },
  });
  await world.append(...times(1, 2));
  consumer.start();
  await began;
  await world.append(...times(1, 1, 3));
  const stopped = consumer.stop();
  letGo();
  await stopped;
  expect(await world.effects()).toEqual(times(1, 2));
});
