import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Databases } from '../../src/database/databases.js';
import { PgWakeUps } from '../../src/messaging/postgres/pg-wake-ups.js';
import { startWorld, until, type World } from './world.js';

let world: World;
let running: PgWakeUps[];
beforeEach(async () => {
  world = await startWorld();
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((each) => each.stop()));
  await world.stop();
});

/** A process that listens: what it heard, `*` for "anything may have been appended". */
async function startProcess(databases: Databases = world.process()) {
  const heard: string[] = [];
  const wakeUps = new PgWakeUps({
    databases,
    sources: ['order', 'product'],
    onAppended: (source, types) => heard.push(`${source} ${types === null ? '*' : [...types].toSorted().join(',')}`),
  });
  running.push(wakeUps);
  wakeUps.start();
  await until('it listens', () => heard.length === 2);
  expect(heard.splice(0)).toEqual(['order *', 'product *']);
  return { wakeUps, heard };
}

test('what one process appends wakes the others, and not itself', async () => {
  const one = await startProcess();
  const other = await startProcess();
  one.wakeUps.tell('order', new Set(['order.processed']));
  await until('the other has heard', () => other.heard.length > 0);
  expect(other.heard).toEqual(['order order.processed']);
  other.wakeUps.tell('product', new Set(['product.changed']));
  await until('the one has heard', () => one.heard.length > 0);
  expect([one.heard, other.heard]).toEqual([['product product.changed'], ['order order.processed']]);
});

test('W1: a thousand commits are told in a few notifications', async () => {
  const one = await startProcess();
  const other = await startProcess();
  for (let commit = 0; commit < 1_000; commit++) one.wakeUps.tell(commit % 2 ? 'order' : 'product', new Set([`type.${commit % 3}`]));
  await until('all is told', () => other.heard.length >= 3);
  await sleep(200);
  expect(other.heard.toSorted()).toEqual(['order type.0,type.1,type.2', 'product type.0', 'product type.0,type.1,type.2']);
});

test('W2: after its connection broke a process listens again, and looks at everything once', async () => {
  const one = await startProcess();
  const other = await startProcess();
  await world.breakConnections();
  await until('both listen again', () => one.heard.length === 2 && other.heard.length === 2);
  expect([...one.heard, ...other.heard]).toEqual(['order *', 'product *', 'order *', 'product *']);
  one.wakeUps.tell('order', new Set(['order.processed']));
  await until('the other has heard', () => other.heard.length === 3);
});

test('W2: a notification that cannot be sent is no fault of anybody', async () => {
  const databases = world.process();
  const one = await startProcess(databases);
  await databases.close();
  one.wakeUps.tell('order', new Set(['order.processed']));
  await expect(one.wakeUps.stop()).resolves.toBeUndefined();
});

test('what was appended last is told before a process ends', async () => {
  const one = await startProcess();
  const other = await startProcess();
  for (const type of ['first', 'second']) one.wakeUps.tell('order', new Set([type]));
  await one.wakeUps.stop();
  await until('the other has heard both', () => other.heard.length === 2);
  expect(other.heard).toEqual(['order first', 'order second']);
});
