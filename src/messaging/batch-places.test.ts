import { setTimeout as sleep } from 'node:timers/promises';
import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { BatchPlaces } from './batch-places.js';
import { MicroBatcher } from './micro-batcher.js';

const PLACES = Math.max(2, availableParallelism());

/** Batchers that share places, with batches that end when they are told to. */
function desks(count: number) {
  const places = new BatchPlaces();
  const underWay: { desk: number; batch: readonly number[]; end: () => void }[] = [];
  const batchers = Array.from({ length: count }, (_, desk) => {
    const run = (batch: readonly number[]): Promise<readonly number[]> =>
      new Promise((resolve) => underWay.push({ desk, batch, end: () => resolve(batch) }));
    return new MicroBatcher<number, number>({ name: `desk ${desk}`, run, places: () => places });
  });
  return { batchers, underWay };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('as many batches are under way as there are places, and what waits for one leaves together, first come, first served', async () => {
  const { batchers, underWay } = desks(PLACES + 2);
  const verdicts = batchers.map((batcher) => batcher.submit(1));
  await turn();
  expect(underWay.map(({ desk }) => desk)).toEqual(Array.from({ length: PLACES }, (_, desk) => desk));
  verdicts.push(batchers[PLACES]?.submit(2) as Promise<number>, batchers[PLACES]?.submit(3) as Promise<number>);
  underWay[0]?.end();
  await turn();
  expect(underWay.at(-1)).toMatchObject({ desk: PLACES, batch: [1, 2, 3] });
  underWay[1]?.end();
  await turn();
  expect(underWay.at(-1)).toMatchObject({ desk: PLACES + 1, batch: [1] });
  for (const { end } of underWay) end();
  expect(await Promise.all(verdicts)).toHaveLength(PLACES + 4);
});

test('batches that stand still give their places to others', async () => {
  const { batchers, underWay } = desks(PLACES + 1);
  const verdicts = batchers.map((batcher) => batcher.submit(1));
  while (underWay.length <= PLACES) await sleep(5);
  expect(underWay.at(-1)?.desk).toBe(PLACES);
  for (const { end } of underWay) end();
  await Promise.all(verdicts);
});

test('a place is given back once, however a batch ends', () => {
  const places = new BatchPlaces();
  const leaves: (() => void)[] = [];
  for (let taken = 0; taken < PLACES + 3; taken++) places.take((leave) => leaves.push(leave));
  expect(leaves).toHaveLength(PLACES);
  leaves[0]?.();
  leaves[0]?.();
  expect(leaves).toHaveLength(PLACES + 1);
});
