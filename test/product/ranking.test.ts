import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ProductId } from '../../src/kernel/ids.js';
import { money } from '../../src/kernel/money.js';
import { OrderProcessed } from '../../src/order/application/events/order-processed.event.js';
import { type ListPosition, type ProductSort } from '../../src/product/application/product-queries.port.js';
import { type ProductDomain, openProductDomain } from './product-domain.js';

let shop: ProductDomain;
let order = 0;

beforeAll(async () => void (shop = await openProductDomain()));
afterAll(() => shop.close());
beforeEach(async () => {
  await shop.rows('TRUNCATE shop_product.daily_sales');
});

/** `daysAgo` in UTC by the database's clock, at the given minute of the day. */
async function moment(daysAgo: number, minute = 0): Promise<string> {
  const text = `SELECT date_trunc('day', now(), 'UTC') - make_interval(days => $1::int) + make_interval(mins => $2::int) AS at`;
  const [row] = await shop.rows<{ at: Date }>(text, [daysAgo, minute]);
  return (row?.at ?? new Date(Number.NaN)).toISOString();
}

function paid(paidAt: string, ...sold: readonly (readonly [ProductId, number])[]) {
  const items = sold.map(([productId, quantity]) => ({
    productOptionId: 1,
    productId,
    name: 'x',
    price: 10,
    quantity,
    subtotal: 10 * quantity,
  }));
  const amounts = { totalAmount: 10, discountAmount: 0, finalAmount: 10, currency: 'KRW', couponId: null };
  return OrderProcessed.of({ orderId: ++order, paymentId: order, userId: 2, items, paidAt, ...amounts });
}

const products = async (count: number): Promise<ProductId[]> =>
  Promise.all(Array.from({ length: count }, async () => (await shop.product([1], { category: `ranked ${order}` })).productId));

const top = async (days: number, limit = 5) =>
  (await shop.queries.topSellers(days, limit)).items.map(({ productId, salesCount }) => [productId, salesCount]);

describe('the top sellers', () => {
  test('are ranked by units sold on the last days, over all orders', async () => {
    const [a, b, c] = (await products(3)) as [ProductId, ProductId, ProductId];
    await shop.publish(
      'order',
      paid(await moment(0), [a, 2], [b, 1], [a, 1]),
      paid(await moment(1), [b, 4]),
      paid(await moment(2), [c, 3]),
    );
    expect(await top(3)).toEqual([
      [b, 5],
      [a, 3],
      [c, 3],
    ]);
    expect(await top(1)).toEqual([
      [a, 3],
      [b, 1],
    ]);
    expect(await top(3, 1)).toEqual([[b, 5]]);
  });

  test('leave out what was sold the day before the first one', async () => {
    const [a] = (await products(1)) as [ProductId];
    await shop.publish('order', paid(await moment(3, 24 * 60 - 1), [a, 9]));
    expect(await top(3)).toEqual([]);
    expect(await top(4)).toEqual([[a, 9]]);
  });

  test('put the one sold last first among equals, and say since when they count', async () => {
    const [a, b] = (await products(2)) as [ProductId, ProductId];
    await shop.publish('order', paid(await moment(1, 700), [a, 2]), paid(await moment(1, 701), [b, 1]), paid(await moment(2), [b, 1]));
    expect(await top(3)).toEqual([
      [b, 2],
      [a, 2],
    ]);
    const { since, items } = await shop.queries.topSellers(3, 5);
    expect(since.toISOString()).toBe(await moment(2));
    expect(items[0]?.lastSoldAt.toISOString()).toBe(await moment(1, 701));
  });
});

test('an order counts once however often the process starts again', async () => {
  const alone = await openProductDomain();
  const { productId } = await alone.product([1]);
  const paidAt = await moment(0);
  await alone.publish('order', ...Array.from({ length: 50 }, () => paid(paidAt, [productId, 1])));
  await alone.restartDelivery();
  expect(await alone.queries.topSellers(1, 5)).toMatchObject({ items: [{ productId, salesCount: 50 }] });
  await alone.close();
});

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
    const category = `shelf ${++order}`;
    const prices = [300, 100, 200, 100, 300, 200, 50];
    const made: { id: ProductId; price: number }[] = [];
    // One by one, for rising ids.
    for (const price of prices) made.push({ id: (await shop.product([1], { category, price: money(price) })).productId, price });
    const [first, second] = [made[0]?.id as ProductId, made[3]?.id as ProductId];
    await shop.publish('order', paid(await moment(0), [first, 2]), paid(await moment(6), [second, 5]), paid(await moment(7), [first, 9]));

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
