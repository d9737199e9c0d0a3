import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ProductOptionId, UserId } from '../../kernel/ids.js';
import { type Purchase, mergePurchases } from './purchase.js';

const purchase: fc.Arbitrary<Purchase> = fc.record({
  userId: fc.integer({ min: 1, max: 3 }).map((id) => id as UserId),
  productOptionId: fc.integer({ min: 1, max: 3 }).map((id) => id as ProductOptionId),
  quantity: fc.integer({ min: 1, max: 1_000_000 }),
});
const keyOf = ({ userId, productOptionId }: Purchase): string => `${userId}/${productOptionId}`;
const bought = (purchases: readonly Purchase[], key: string): number =>
  purchases.filter((each) => keyOf(each) === key).reduce((pieces, { quantity }) => pieces + quantity, 0);

test('every customer and option stands in the merged purchases once, with all that was bought', () => {
  fc.assert(
    fc.property(fc.array(purchase), (purchases) => {
      const merged = mergePurchases(purchases);
      const keys = merged.map(keyOf);
      expect(keys).toEqual([...new Set(purchases.map(keyOf))]);
      expect(merged.map(({ quantity }) => quantity)).toEqual(keys.map((key) => bought(purchases, key)));
    }),
  );
});

test('customers and options whose digits run together stay apart', () => {
  const of = (userId: number, productOptionId: number): Purchase => ({
    userId: userId as UserId,
    productOptionId: productOptionId as ProductOptionId,
    quantity: 1,
  });
  expect(mergePurchases([of(1, 11), of(11, 1)])).toHaveLength(2);
});
