import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ProductId } from '../../kernel/ids.js';
import { NO_MONEY } from '../../kernel/money.js';
import { type ProductCopy, latestRevisions } from './product-copy.js';

const copy: fc.Arbitrary<ProductCopy> = fc
  .record({ productId: fc.integer({ min: 1, max: 4 }), revision: fc.integer({ min: 1, max: 20 }) })
  .map(({ productId, revision }) => ({
    productId: productId as ProductId,
    revision,
    name: `revision ${revision}`,
    price: NO_MONEY,
    onSale: true,
    options: [],
  }));

test('of each product in a batch the highest revision is kept, whatever the order of arrival', () => {
  fc.assert(
    fc.property(fc.array(copy), (copies) => {
      const kept = latestRevisions(copies);
      expect(new Set(kept.map(({ productId }) => productId))).toEqual(new Set(copies.map(({ productId }) => productId)));
      for (const { productId, revision } of copies) {
        expect(kept.filter((each) => each.productId === productId && each.revision >= revision)).toHaveLength(1);
      }
    }),
  );
});

test('a revision that is told twice is kept once', () => {
  fc.assert(
    fc.property(fc.array(copy), (copies) => {
      expect(latestRevisions([...copies, ...copies])).toEqual(latestRevisions(copies));
    }),
  );
});
