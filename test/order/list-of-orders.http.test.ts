import { afterAll, beforeAll, expect, test } from 'vitest';
import { startShop, type TestShop } from '../support/shop.js';

let shop: TestShop;
beforeAll(async () => {
  shop = await startShop();
});
afterAll(() => shop.stop());

async function placed(token: string, productOptionId: number | undefined): Promise<number> {
  return (await shop.api('POST', '/api/orders', { token, body: { items: [{ productOptionId, quantity: 1 }] } })).body.orderId;
}

/** The order ids of each page. */
async function pagesOf(token: string, query: string): Promise<number[][]> {
  const pages: number[][] = [];
  let cursor = '';
  do {
    const { body } = await shop.api('GET', `/api/users/me/orders?${query}${cursor}`, { token });
    pages.push(body.items.map(({ orderId }: { orderId: number }) => orderId));
    cursor = body.nextCursor ? `&cursor=${body.nextCursor}` : '';
  } while (cursor !== '');
  return pages;
}

test('a customer sees all own orders, newest first whatever their status, in pages without gaps; or those of one status', async () => {
  const [buyer, other] = await Promise.all([shop.customer(100_000), shop.customer(100_000)]);
  const { optionIds } = await shop.product({ price: 1_000, stock: [100] });
  const orderIds: number[] = [];
  for (let order = 0; order < 7; order++) {
    orderIds.push(await placed(buyer.token, optionIds[0]));
    await placed(other.token, optionIds[0]);
  }
  const [first, second, third, fourth, fifth, sixth, seventh] = orderIds;
  await Promise.all([second, fifth].map((id) => shop.api('POST', `/api/orders/${id}/payment`, { token: buyer.token, body: {} })));
  await shop.api('POST', `/api/orders/${third}/cancel`, { token: buyer.token });

  expect(await pagesOf(buyer.token, 'limit=3')).toEqual([[seventh, sixth, fifth], [fourth, third, second], [first]]);
  expect(await pagesOf(buyer.token, 'limit=100')).toEqual([orderIds.toReversed()]);
  expect(await pagesOf(buyer.token, 'limit=1&status=PAID')).toEqual([[fifth], [second]]);
  expect(await pagesOf(buyer.token, 'status=CANCELLED')).toEqual([[third]]);
  expect(await pagesOf(buyer.token, 'limit=2&status=PENDING')).toEqual([
    [seventh, sixth],
    [fourth, first],
  ]);
  expect(await pagesOf(buyer.token, 'status=EXPIRED')).toEqual([[]]);
});
