import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RETRY_DELAY_MS_MAX, RETRY_DELAY_MS_MIN, retryDelayMs } from './backoff.js';

const failures = fc.integer({ min: 1, max: 1_000_000 });
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('the pause doubles from 100 ms until it is capped at 60 s', () => {
  const pauses = [1, 2, 3, 4, 10, 11, 12, 1_000_000].map((count) => retryDelayMs(count, () => 1));
  expect(pauses).toEqual([100, 200, 400, 800, 51_200, 60_000, 60_000, 60_000]);
});

test('the pause lies between half and all of it, so that those who failed together do not come back together', () => {
  expect(retryDelayMs(4, () => 0)).toBe(400);
  fc.assert(
    fc.property(failures, chance, (count, random) => {
      const [least, given, most] = [0, random, 1].map((each) => retryDelayMs(count, () => each)) as [number, number, number];
      expect(least).toBe(most / 2);
      expect(given).toBeGreaterThanOrEqual(least);
      expect(given).toBeLessThanOrEqual(most);
    }),
  );
});

test('no number of failures makes the pause shorter, zero, or longer than the cap', () => {
  fc.assert(
    fc.property(failures, chance, (count, random) => {
      const pause = retryDelayMs(count, () => random);
      expect(pause).toBeGreaterThanOrEqual(RETRY_DELAY_MS_MIN / 2);
      expect(pause).toBeLessThanOrEqual(RETRY_DELAY_MS_MAX);
      expect(retryDelayMs(count + 1, () => random)).toBeGreaterThanOrEqual(pause);
    }),
  );
});
