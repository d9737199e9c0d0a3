import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProductId } from '../../src/kernel/ids.js';
import { money } from '../../src/kernel/money.js';
import { type ListPosition, type ProductSort } from '../../src/product/application/product-queries.port.js';
import { moment, paid } from './paid-orders.js';
import { type ProductDomain, openProductDomain } from './product-domain.js';

let shop: ProductDomain;
let shelves = 0;

beforeAll(async () => void (shop = await openProductDomain()));
afterAll(() => shop.close());

describe('the list of products', () => {
  async function listed(sort: ProductSort, category?: string): Promise<ProductId[]> {
    const found: ProductId[] = [];
    let after: ListPosition | undefined;
    for (;;) {
      // In pages of two, one by one: each begins where the last has ended.
      const page = await shop.queries.list({ sort, category, after, rowsMax: 2 });
      found.push(...page.map(({ productId }) => productId));
      after = page.at(-1);
      if (!after) return found;
    }
  }

  test('has every product once, in the order of each sort, whatever its page size', async () => {
    const category = `shelf ${++shelves}`;
    const prices = [300, 100, 200, 100, 300, 200, 50];
    const made: { id: ProductId; price: number }[] = [];
    // One by one, for rising ids.
    for (const price of prices) made.push({ id: (await shop.product([1], { category, price: money(price) })).productId, price });
    const [first, second] = [made[0]?.id as ProductId, made[3]?.id as ProductId];
    await shop.publish(
      'order',
      paid(await moment(shop, 0), [first, 2]),
      paid(await moment(shop, 6), [second, 5]),
      paid(await moment(shop, 7), [first, 9]),
    );

    const byId = made.toSorted((a, b) => b.id - a.id);
    const ids = (list: readonly { id: ProductId }[]) => list.map(({ id }) => id);
    expect(await listed('latest', category)).toEqual(ids(byId));
    expect(await listed('price_asc', category)).toEqual(ids(made.toSorted((a, b) => a.price - b.price || a.id - b.id)));
    expect(await listed('price_desc', category)).toEqual(ids(byId.toSorted((a, b) => b.price - a.price)));
    expect(await listed('popular', category)).toEqual([second, first, ...ids(byId).filter((id) => id !== first && id !== second)]);
  });

  test.each<ProductSort>(['latest', 'price_asc', 'price_desc', 'popular'])(
    'without a category has the products of all (%s)',
    async (sort) => {
      const all = await shop.rows<{ product_id: ProductId }>('SELECT product_id FROM shop_product.product');
      const found = await listed(sort);
      expect(found.toSorted((a, b) => a - b)).toEqual(all.map(({ product_id }) => product_id).toSorted((a, b) => a - b));
    },
  );
});
