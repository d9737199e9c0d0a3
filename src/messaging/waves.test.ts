import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Waves } from './waves.js';

/** Work that ends when it is told to. */
function works(waves: Waves) {
  const begun: { id: number; end: () => void; fail: () => void }[] = [];
  const settled: Promise<PromiseSettledResult<number>[]>[] = [];
  const start = (...ids: readonly number[]): void => {
    for (const id of ids) {
      const work = (): Promise<number> =>
        new Promise((resolve, reject) => begun.push({ id, end: () => resolve(id), fail: () => reject(new Error(`${id} failed`)) }));
      settled.push(Promise.allSettled([waves.run(work)]));
    }
  };
  const ids = (): number[] => begun.map(({ id }) => id);
  return { begun, start, ids, all: async () => (await Promise.all(settled)).flat() };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('nobody waits while nothing is under way', async () => {
  const { begun, start, ids, all } = works(new Waves());
  start(1);
  await turn();
  expect(ids()).toEqual([1]);
  begun[0]?.end();
  await all();
});

test('those that wait begin together, once they are as many as are under way', async () => {
  const { begun, start, ids, all } = works(new Waves());
  start(1);
  start(2);
  await turn();
  expect(ids()).toEqual([1, 2]);
  start(3);
  await turn();
  expect(ids()).toEqual([1, 2]);
  start(4);
  await turn();
  expect(ids()).toEqual([1, 2, 3, 4]);
  start(5, 6);
  for (const { end } of begun.slice(0, 2)) end();
  await turn();
  expect(ids()).toEqual([1, 2, 3, 4, 5, 6]);
  for (const { end } of begun) end();
  await all();
});

test('work that stands still is not waited for', async () => {
  const { begun, start, ids, all } = works(new Waves());
  start(1, 2);
  start(3, 4, 5);
  while (ids().length < 5) await sleep(5);
  for (const { end } of begun) end();
  expect(await all()).toHaveLength(5);
});

test('work that fails lets the next wave begin like any other, and its fault is its own', async () => {
  const { begun, start, ids, all } = works(new Waves());
  start(1);
  start(2);
  start(3);
  await turn();
  begun[0]?.fail();
  await turn();
  expect(ids()).toEqual([1, 2, 3]);
  for (const { end } of begun) end();
  expect((await all()).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
});
