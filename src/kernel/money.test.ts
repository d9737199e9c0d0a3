import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MONEY_MAX, discountOf, money, subtract, sum, times } from './money.js';

const amounts = fc.bigInt({ min: 0n, max: MONEY_MAX / 100n }).map(money);

test('an amount beyond 2^53 - 1 is a fault, because JSON would lose pennies', () => {
  expect(money(MONEY_MAX)).toBe(MONEY_MAX);
  expect(() => money(MONEY_MAX + 1n)).toThrow(RangeError);
  expect(() => money(-MONEY_MAX - 1n)).toThrow(RangeError);
  expect(() => times(money(MONEY_MAX), 2)).toThrow(RangeError);
});

test('a fraction of a minor unit does not exist', () => {
  expect(() => money(0.5)).toThrow(RangeError);
});

test('a discount rounds down, and never exceeds the total', () => {
  fc.assert(
    fc.property(amounts, fc.integer({ min: 1, max: 100 }), (total, rate) => {
      const discount = discountOf(total, rate);
      expect(discount).toBeLessThanOrEqual(total);
      expect(discount * 100n).toBeLessThanOrEqual(total * BigInt(rate));
      expect((discount + 1n) * 100n).toBeGreaterThan(total * BigInt(rate));
    }),
  );
  expect(discountOf(money(999), 10)).toBe(99n);
  expect(discountOf(money(999), 100)).toBe(999n);
});

test('a price times a quantity is the sum of as many prices', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 1, max: 50 }), (price, quantity) => {
      expect(times(money(price), quantity)).toBe(sum(Array.from({ length: quantity }, () => money(price))));
    }),
  );
});

test('subtracting what was added gives the beginning', () => {
  fc.assert(
    fc.property(amounts, amounts, (a, b) => {
      expect(subtract(sum([a, b]), b)).toBe(a);
    }),
  );
});
