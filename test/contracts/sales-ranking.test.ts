import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ProductId } from '../../src/kernel/ids.js';
import { moment, paid } from '../product/paid-orders.js';
import { type ProductDomain, openProductDomain } from '../product/product-domain.js';
import { describeWithRedis, sharedRedis } from '../support/redis.js';

/** What the ranking answers, whoever keeps it. */
function ranks(open: () => Promise<ProductDomain>): void {
  let shop: ProductDomain;

  beforeAll(async () => void (shop = await open()));
  afterAll(() => shop.close());
  beforeEach(async () => {
    await shop.rows('TRUNCATE shop_product.daily_sales, shop_product.sales_day');
  });

  const products = (count: number): Promise<ProductId[]> =>
    Promise.all(Array.from({ length: count }, async () => (await shop.product([1])).productId));

  const top = async (days: number, limit = 5) =>
    (await shop.ranking.topSellers(days, limit)).items.map(({ productId, salesCount }) => [productId, salesCount]);

  test('are ranked by units sold on the last days, over all orders', async () => {
    const [a, b, c] = (await products(3)) as [ProductId, ProductId, ProductId];
    await shop.publish(
      'order',
      paid(await moment(shop, 0), [a, 2], [b, 1], [a, 1]),
      paid(await moment(shop, 1), [b, 4]),
      paid(await moment(shop, 2), [c, 3]),
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
    await shop.publish('order', paid(await moment(shop, 3, 24 * 60 - 1), [a, 9]));
    expect(await top(3)).toEqual([]);
    expect(await top(4)).toEqual([[a, 9]]);
  });

  test('put the one sold last first among equals, and say since when they count', async () => {
    const [a, b] = (await products(2)) as [ProductId, ProductId];
    await shop.publish(
      'order',
      paid(await moment(shop, 1, 700), [a, 2]),
      paid(await moment(shop, 1, 701), [b, 1]),
      paid(await moment(shop, 2), [b, 1]),
    );
    expect(await top(3)).toEqual([
      [b, 2],
      [a, 2],
    ]);
    const { since, items } = await shop.ranking.topSellers(3, 5);
    expect(since.toISOString()).toBe(await moment(shop, 2));
    expect(items[0]?.lastSoldAt.toISOString()).toBe(await moment(shop, 1, 701));
  });

  test('an order counts once however often the process starts again', async () => {
    const alone = await open();
    const { productId } = await alone.product([1]);
    const paidAt = await moment(alone, 0);
    await alone.publish('order', ...Array.from({ length: 50 }, () => paid(paidAt, [productId, 1])));
    await alone.restartDelivery();
    expect(await alone.ranking.topSellers(1, 5)).toMatchObject({ items: [{ productId, salesCount: 50 }] });
    await alone.close();
  });
}

describe('the ranking in the database', () => {
  ranks(() => openProductDomain());
});

describeWithRedis('the ranking in Redis', () => ranks(() => openProductDomain({ redis: sharedRedis() })));
