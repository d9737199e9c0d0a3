import fc from 'fast-check';
import { expect, test } from 'vitest';
import { latenciesOf } from './latencies.js';

test('nothing measured has no percentiles', () => {
  expect(latenciesOf([])).toBeNull();
});

test('percentiles go by nearest rank, whatever the order of the measurements', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(latenciesOf(hundred)).toEqual({ p50: 50, p95: 95, p99: 99, max: 100 });
  expect(latenciesOf([7])).toEqual({ p50: 7, p95: 7, p99: 7, max: 7 });
});

test('each percentile was measured, and none is below a smaller one', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 1 }), (measured) => {
      const { p50, p95, p99, max } = latenciesOf(measured) ?? { p50: NaN, p95: NaN, p99: NaN, max: NaN };
      expect([p50, p95, p99, max].every((each) => measured.includes(each))).toBe(true);
      expect([p50, p95, p99, max]).toEqual([p50, p95, p99, max].toSorted((a, b) => a - b));
    }),
  );
});
