import { expect, test } from 'vitest';
import { compareTop, topAgrees } from './compare-top.js';

const row = (rank: number, productId: number, salesCount: number) => ({ rank, productId, name: `product ${productId}`, salesCount });
const units = new Map([
  [1, 30],
  [2, 20],
  [3, 10],
]);

test('a ranking that counts as the file does agrees', () => {
  expect(topAgrees(compareTop([row(1, 1, 30), row(2, 2, 20)], units, 2))).toBe(true);
});

test('a product that was counted too low differs', () => {
  expect(topAgrees(compareTop([row(1, 1, 29), row(2, 2, 20)], units, 2))).toBe(false);
});

test('a product that sold more than the last row and is not listed is missing', () => {
  expect(compareTop([row(1, 1, 30), row(2, 3, 10)], units, 2).missing).toBe(1);
});

test('a list with room must have every product', () => {
  expect(compareTop([row(1, 1, 30), row(2, 2, 20)], units, 10).missing).toBe(1);
});

test('products of other runs may stand between, and ties may go either way', () => {
  const top = compareTop([row(1, 99, 50), row(2, 1, 30)], units, 2);
  expect(top.items[0]?.unitsInFile).toBeNull();
  expect(topAgrees(top)).toBe(true);
  expect(topAgrees(compareTop([row(1, 98, 30), row(2, 99, 30)], units, 2))).toBe(true);
});
