import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer } from '../support/client.js';
import { type TestShop, startShop } from '../support/shop.js';

let shop: TestShop;
beforeAll(async () => {
  shop = await startShop();
});
afterAll(() => shop.stop());

interface Customer {
  readonly userId: number;
  readonly token: string;
}

const add = ({ token }: Customer, productOptionId: unknown, quantity: unknown = 1): Promise<Answer> =>
  shop.api('POST', '/api/users/me/cart', { token, body: { productOptionId, quantity } });
const cart = ({ token }: Customer): Promise<Answer> => shop.api('GET', '/api/users/me/cart', { token });

/** A product that the cart has been told of. */
async function product(options: Parameters<TestShop['product']>[0]): Promise<Awaited<ReturnType<TestShop['product']>>> {
  const created = await shop.product(options);
  await shop.settle();
  return created;
}

test('a cart is filled, shown, changed and emptied', async () => {
  const customer = await shop.customer();
  const { productId, optionIds } = await product({ name: 'Shirt', price: 2_500, stock: [10, 5] });

  const added = await add(customer, optionIds[0], 2);
  expect(added).toMatchObject({
    status: 201,
    body: {
      productId,
      productOptionId: optionIds[0],
      name: 'Shirt',
      optionName: 'option 1',
      price: 2_500,
      quantity: 2,
      subtotal: 5_000,
      available: 10,
      problem: null,
    },
  });
  const { cartItemId } = added.body;
  expect((await add(customer, optionIds[0], 1)).body).toMatchObject({ cartItemId, quantity: 3, subtotal: 7_500 });
  await add(customer, optionIds[1], 1);

  const shown = await cart(customer);
  expect(shown).toMatchObject({ status: 200, body: { totalAmount: 10_000, currency: 'KRW', items: [{ cartItemId }, { quantity: 1 }] } });
  expect((await shop.api('GET', `/api/users/${customer.userId}/cart`, { token: customer.token })).body).toEqual(shown.body);

  const item = `/api/users/me/cart/${cartItemId}`;
  expect(await shop.api('PATCH', item, { token: customer.token, body: { quantity: 1 } })).toMatchObject({
    status: 200,
    body: { cartItemId, quantity: 1, subtotal: 2_500 },
  });
  expect((await shop.api('DELETE', item, { token: customer.token })).status).toBe(204);
  expect(await shop.api('DELETE', item, { token: customer.token })).toMatchObject({ status: 404, body: { code: 'CART_ITEM_NOT_FOUND' } });
  expect((await shop.api('DELETE', '/api/users/me/cart', { token: customer.token })).status).toBe(204);
  expect((await cart(customer)).body).toEqual({ items: [], totalAmount: 0, currency: 'KRW' });
});

test('200 requests at a time never put more into the cart than is available', async () => {
  const customer = await shop.customer();
  const { optionIds } = await product({ price: 10, stock: [150] });
  const statuses = (await Promise.all(Array.from({ length: 200 }, () => add(customer, optionIds[0])))).map(({ status }) => status);
  expect([statuses.filter((status) => status === 201).length, statuses.filter((status) => status === 422).length]).toEqual([150, 50]);
  expect((await cart(customer)).body).toMatchObject({ items: [{ quantity: 150 }], totalAmount: 1_500 });
});

test('refusals have their codes and say what a client wants to show', async () => {
  const customer = await shop.customer();
  const { productId, optionIds } = await product({ price: 10, stock: [3] });
  await add(customer, optionIds[0], 2);
  expect(await add(customer, optionIds[0], 2)).toMatchObject({
    status: 422,
    body: { code: 'INSUFFICIENT_STOCK', requested: 4, inCart: 2, available: 3, productOptionId: optionIds[0] },
  });
  expect(await add(customer, 999_999_999)).toMatchObject({ status: 404, body: { code: 'PRODUCT_NOT_FOUND' } });

  await shop.api('PATCH', `/api/admin/products/${productId}`, { token: await shop.operatorToken(), body: { onSale: false } });
  await shop.settle();
  expect(await add(customer, optionIds[0])).toMatchObject({ status: 422, body: { code: 'PRODUCT_NOT_ON_SALE' } });
  expect((await cart(customer)).body.items).toMatchObject([{ quantity: 2, problem: 'PRODUCT_NOT_ON_SALE' }]);
});

test.each([
  ['productOptionId', { productOptionId: '1', quantity: 1 }],
  ['productOptionId', { productOptionId: 2 ** 53, quantity: 1 }],
  ['quantity', { productOptionId: 1, quantity: 0 }],
  ['quantity', { productOptionId: 1, quantity: -1 }],
  ['quantity', { productOptionId: 1, quantity: 1.5 }],
  ['quantity', { productOptionId: 1, quantity: 1_000_001 }],
  ['quantity', { productOptionId: 1, quantity: 2 ** 53 + 2 }],
  ['quantity', { productOptionId: 1 }],
])('a wrong %s is refused by its name: %j', async (path, body) => {
  const { token } = await shop.customer();
  const answer = await shop.api('POST', '/api/users/me/cart', { token, body });
  expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED', errors: [{ path }] } });
});

test("another customer's cart is not there, whatever one does with it", async () => {
  const [owner, other] = [await shop.customer(), await shop.customer()];
  const { optionIds } = await product({ price: 10, stock: [3] });
  const { cartItemId } = (await add(owner, optionIds[0])).body;
  const theirs = `/api/users/${owner.userId}/cart`;
  const { token } = other;
  const answers = [
    await shop.api('GET', theirs, { token }),
    await shop.api('POST', theirs, { token, body: { productOptionId: optionIds[0], quantity: 1 } }),
    await shop.api('PATCH', `${theirs}/${cartItemId}`, { token, body: { quantity: 2 } }),
    await shop.api('DELETE', `${theirs}/${cartItemId}`, { token }),
    await shop.api('DELETE', theirs, { token }),
  ];
  for (const answer of answers) expect(answer).toMatchObject({ status: 404, body: { code: 'USER_NOT_FOUND' } });
  expect(await shop.api('PATCH', `/api/users/me/cart/${cartItemId}`, { token, body: { quantity: 2 } })).toMatchObject({
    status: 404,
    body: { code: 'CART_ITEM_NOT_FOUND' },
  });
  expect((await shop.api('GET', '/api/users/me/cart')).status).toBe(401);
  expect((await cart(owner)).body.items).toMatchObject([{ quantity: 1 }]);
});

describe('ordering from the cart', () => {
  const order = ({ token }: Customer): Promise<Answer> => shop.api('POST', '/api/orders', { token, body: { fromCart: true } });

  test('takes its lines, and paying empties it', async () => {
    const customer = await shop.customer(100_000);
    const { optionIds } = await product({ price: 1_000, stock: [10, 10] });
    await add(customer, optionIds[0], 2);
    await add(customer, optionIds[1], 3);
    const placed = await order(customer);
    expect(placed).toMatchObject({ status: 201, body: { totalAmount: 5_000 } });
    expect((await cart(customer)).body.totalAmount).toBe(5_000);

    await add(customer, optionIds[1], 1);
    expect((await shop.api('POST', `/api/orders/${placed.body.orderId}/payment`, { token: customer.token, body: {} })).status).toBe(200);
    await shop.settle();
    expect((await cart(customer)).body).toMatchObject({ items: [{ productOptionId: optionIds[1], quantity: 1 }], totalAmount: 1_000 });
  });

  test('is refused while it is empty', async () => {
    expect(await order(await shop.customer())).toMatchObject({ status: 422, body: { code: 'EMPTY_CART' } });
  });
});
