import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ShopEvent } from '../../src/messaging/event.js';
import { LOG_SHARDS } from '../../src/messaging/event-log.js';
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

test('the outside effect of a slow process never moves the cursor back behind what another has done', async () => {
  const { promise: gate, resolve: letGo } = Promise.withResolvers<void>();
  const { promise: began, resolve: begin } = Promise.withResolvers<void>();
  const slow = await world.consumer(outside(() => (begin(), gate)));
  await world.append(...times(1, 1));
  slow.start();
  await began;
  const quick = await world.consumer(
    outside(() => Promise.resolve()),
    { at: world.process() },
  );
  quick.start();
  await world.append(...times(1, 4, 2));
  await until('the quick one has done all', async () => (await quick.lag()) === 0);
  await quick.stop();
  const stopped = slow.stop();
  letGo();
  await stopped;
  expect(await quick.lag()).toBe(0);
});
