import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concurrently } from './concurrently.js';

test('every item is worked on once, begun in order, never more at a time than allowed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 30 }),
      fc.integer({ min: 1, max: 8 }),
      async (turns, workersMax) => {
        const begun: number[] = [];
        let running = 0;
        let mostRunning = 0;
        await concurrently(turns, workersMax, async (count, index) => {
          begun.push(index);
          mostRunning = Math.max(mostRunning, ++running);
          for (let turn = 0; turn < count; turn++) await nextTurn();
          running -= 1;
        });
        expect(begun).toEqual(turns.map((_, index) => index));
        expect(mostRunning).toBeLessThanOrEqual(workersMax);
      },
    ),
    { numRuns: 50 },
  );
});

test('the first failure stops the others at their next item, and comes out when all rest', async () => {
  const begun: number[] = [];
  let ended = 0;
  const working = concurrently([0, 1, 2, 3, 4, 5], 2, async (item) => {
    begun.push(item);
    await nextTurn();
    ended += 1;
    if (item === 1) throw new Error('item 1 is bad');
  });
  await expect(working).rejects.toThrow('item 1 is bad');
  expect(begun).not.toContain(5);
  expect(ended).toBe(begun.length);
});
