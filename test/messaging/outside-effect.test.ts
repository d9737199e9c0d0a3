import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Databases } from '../../src/database/databases.js';
import type { ShopEvent } from '../../src/messaging/event.js';
import { LOG_SHARDS } from '../../src/messaging/event-log.js';
import { PgCursorStore } from '../../src/messaging/postgres/pg-cursor-store.js';
import { bySubject, type Happening, happeningOf, startWorld, times, until, type World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.stop());

const outside = (handle: (events: readonly ShopEvent[], signal: AbortSignal) => Promise<unknown>) => ({ mode: 'outside', handle }) as const;

test('an outside effect holds no connection, and the cursor follows it', async () => {
  const told: Happening[] = [];
  const consumer = await world.consumer(
    outside(async (events) => {
      await world.databases.of('product').query({ name: 'test.free', text: 'SELECT 1' });
      told.push(...events.map(happeningOf));
    }),
  );
  await world.append(...times(1, 5), ...times(2, 5));
  consumer.start();
  await until('nothing is left', async () => (await consumer.lag()) === 0);
  expect(bySubject(told)).toEqual(bySubject([...times(1, 5), ...times(2, 5)]));
});

test('an outside effect that fails is parked with the later ones of its key, and comes again before them', async () => {
  const told: Happening[] = [];
  let poisonous = true;
  const consumer = await world.consumer(
    outside((events) => {
      if (poisonous && events.some((event) => happeningOf(event).subject === 1)) return Promise.reject(new Error('poison'));
      told.push(...events.map(happeningOf));
      return Promise.resolve();
    }),
    { retryDelayMs: () => 1, neverGivesUp: true },
  );
  const neighbour = 1 + LOG_SHARDS;
  await world.append(...times(1, 2), ...times(neighbour, 2), ...times(2, 2));
  consumer.start();
  await until('the others have been told', () => told.length === 4);
  expect(bySubject(told)).toEqual(bySubject([...times(neighbour, 2), ...times(2, 2)]));
  await world.append(...times(1, 2, 3));
  consumer.hint();
  await until('all of the key are parked', async () => (await world.parked()).length === 4);
  poisonous = false;
  await until('nothing is left', async () => (await consumer.lag()) === 0);
  expect(told.slice(4)).toEqual(times(1, 4));
  expect(await world.parked()).toEqual([]);
});

test('an effect that must leave nothing out parks nothing: when it fails, all wait, and come in order', async () => {
  const told: Happening[] = [];
  let failures = 0;
  const consumer = await world.consumer(
    outside((events) => {
      if (failures < 2) return Promise.reject(new Error(`failure ${++failures}`));
      told.push(...events.map(happeningOf));
      return Promise.resolve();
    }),
    { neverParks: true },
  );
  await world.append(...times(1, 1));
  consumer.start();
  await until('it has failed', () => failures > 0);
  await world.append(...times(1, 2, 2));
  await until('nothing is left', async () => (await consumer.lag()) === 0);
  expect(told).toEqual(times(1, 3));
  expect(await world.parked()).toEqual([]);
});

test('an outside effect is told when it has to end', async () => {
  const { promise: began, resolve: begin } = Promise.withResolvers<void>();
  const consumer = await world.consumer(
    outside(async (_, signal) => {
      begin();
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('ended'))));
    }),
  );
  await world.append(...times(1, 1));
  consumer.start();
  await began;
  await consumer.stop();
  expect(await consumer.lag()).toBe(1);
});

describe('two processes on one database', () => {
  const telling = (told: Happening[], at?: Databases) =>
    world.consumer(
      outside((events) => Promise.resolve(told.push(...events.map(happeningOf)))),
      at ? { at } : {},
    );

  test('C6: share an outside effect, and tell of each event once and in order', async () => {
    const told: Happening[] = [];
    const two = [await telling(told), await telling(told, world.process())];
    for (const consumer of two) consumer.start();
    const subjects = Array.from({ length: 20 }, (_, subject) => subject);
    for (let round = 0; round < 20; round++) {
      await world.append(...subjects.flatMap((subject) => times(subject, 2, round * 2 + 1)));
      for (const consumer of two) consumer.hint();
    }
    await until('nothing is left', async () => (await two[0]?.lag()) === 0);
    expect(bySubject(told)).toEqual(bySubject(subjects.flatMap((subject) => times(subject, 40))));
  });

  test('C6: the next goes on at once when the holder of the lease stops', async () => {
    const { promise: began, resolve: begin } = Promise.withResolvers<void>();
    const first = await world.consumer(
      outside(
        (_, signal) => (begin(), new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('ended'))))),
      ),
    );
    await world.append(...times(1, 2));
    first.start();
    await began;
    const told: Happening[] = [];
    const second = await telling(told, world.process());
    second.start();
    await first.stop();
    await until('the second has told all', () => told.length === 2);
    expect(told).toEqual(times(1, 2));
  });

  test('C6: the lease of a dead process runs out, and the next tells what it may have told', async () => {
    const told: Happening[] = [];
    const consumer = await telling(told);
    const dead = new PgCursorStore(world.process().of('product'));
    await world.append(...times(1, 2));
    await dead.lease(consumer.identity, [1], { token: randomUUID(), leaseMs: 1_500 });
    consumer.start();
    await world.append(...times(2, 1));
    consumer.hint();
    await until('the other shard goes on', () => told.length > 0);
    expect(told).toEqual(times(2, 1));
    await until('the lease is over', () => told.length === 3);
    expect(told.slice(1)).toEqual(times(1, 2));
  });

  test('C6: one that was taken for dead moves no cursor, neither forward nor back', async () => {
    const { promise: gate, resolve: letGo } = Promise.withResolvers<void>();
    const { promise: began, resolve: begin } = Promise.withResolvers<void>();
    const slow = await world.consumer(outside(() => (begin(), gate)));
    await world.append(...times(1, 1));
    slow.start();
    await began;
    await world.query(`UPDATE shop_product.event_cursor SET leased_until = now() - interval '1 hour' WHERE lease_token IS NOT NULL`);
    const quick = await telling([], world.process());
    quick.start();
    await world.append(...times(1, 4, 2));
    await until('the quick one has done all', async () => (await quick.lag()) === 0);
    await quick.stop();
    const stopped = slow.stop();
    letGo();
    await stopped;
    expect(await quick.lag()).toBe(0);
  });
});
