import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CartDomain, startCartDomain } from './cart-domain.js';

let shop: CartDomain;
beforeAll(async () => {
  shop = await startCartDomain();
});
afterAll(() => shop.stop());

const product = async (productId: number) =>
  (await shop.rows<object>('SELECT revision, name, price, on_sale FROM shop_cart.product WHERE product_id = $1', [productId]))[0];
const availability = async (productId: number) => {
  const rows = await shop.rows<{ id: number; available: number }>(
    'SELECT product_option_id AS id, available FROM shop_cart.product_option WHERE product_id = $1',
    [productId],
  );
  return Object.fromEntries(rows.map(({ id, available }) => [id, available]));
};

test('the cart knows a product as it was told last', async () => {
  await shop.tell({ productId: 1, revision: 1, name: 'Shirt', price: 2_500, options: { 10: 5, 11: 0 } });
  expect(await product(1)).toEqual({ revision: 1, name: 'Shirt', price: 2_500, on_sale: true });
  await shop.tell({ productId: 1, revision: 2, name: 'Linen shirt', price: 2_600, onSale: false, options: { 10: 4, 11: 7 } });
  expect(await product(1)).toEqual({ revision: 2, name: 'Linen shirt', price: 2_600, on_sale: false });
  expect(await availability(1)).toEqual({ 10: 4, 11: 7 });
});

test('a lower revision that comes late changes nothing', async () => {
  await shop.tell({ productId: 2, revision: 9, name: 'New', options: { 20: 9 } });
  await shop.tell({ productId: 2, revision: 8, name: 'Old', options: { 20: 8, 21: 8 } });
  await shop.tell({ productId: 2, revision: 9, name: 'Again', options: { 20: 1 } });
  expect(await product(2)).toMatchObject({ revision: 9, name: 'New' });
  expect(await availability(2)).toEqual({ 20: 9 });
});

test('several revisions in one batch leave the highest, and do not disturb other products', async () => {
  await shop.tellAtOnce(
    { productId: 3, revision: 2, options: { 30: 2 } },
    { productId: 4, revision: 1, options: { 40: 1 } },
    { productId: 3, revision: 3, options: { 30: 3 } },
    { productId: 3, revision: 1, options: { 30: 1 } },
    { productId: 19, revision: 1, options: {} },
  );
  expect([await availability(3), await availability(4), await availability(19)]).toEqual([{ 30: 3 }, { 40: 1 }, {}]);
});

test('an option that its product no longer names has nothing available, and stays in the carts that hold it', async () => {
  await shop.tell({ productId: 5, revision: 1, options: { 50: 5, 51: 5 } });
  await shop.add(500, 50, 2);
  await shop.tell({ productId: 5, revision: 2, options: { 51: 6 } });
  expect(await availability(5)).toEqual({ 50: 0, 51: 6 });
  expect(await shop.cart(500)).toMatchObject({
    ok: true,
    value: { items: [{ quantity: 2, available: 0, problem: 'INSUFFICIENT_STOCK' }] },
  });
});
