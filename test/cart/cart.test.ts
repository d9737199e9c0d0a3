import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CartDomain, startCartDomain } from './cart-domain.js';

const STOCK = 100;
const OPTIONS = { 10: STOCK, 11: STOCK, 12: STOCK };

let shop: CartDomain;
let customers = 0;
const newCustomer = (): number => ++customers;

beforeAll(async () => {
  shop = await startCartDomain();
  await shop.tell({ productId: 1, price: 1_000, options: OPTIONS });
});
afterAll(() => shop.stop());

const code = (result: { ok: boolean; refusal?: { code: string } }): string => (result.ok ? 'OK' : (result.refusal?.code ?? ''));
const count = (codes: readonly string[], wanted: string): number => codes.filter((each) => each === wanted).length;

test('the same option adds up in one item', async () => {
  const customer = newCustomer();
  const first = await shop.add(customer, 10, 2);
  const second = await shop.add(customer, 10, 3);
  expect(second).toMatchObject({ ok: true, value: { quantity: 5, subtotal: 5_000n } });
  expect(first.ok && second.ok && first.value.cartItemId === second.value.cartItemId).toBe(true);
});

test('200 additions of one option at a time add up exactly', async () => {
  const customer = newCustomer();
  await shop.tell({ productId: 2, options: { 20: 1_000 } });
  const codes = (await Promise.all(Array.from({ length: 200 }, () => shop.add(customer, 20, 3)))).map(code);
  expect(count(codes, 'OK')).toBe(200);
  expect(await shop.held(customer)).toEqual({ 20: 600 });
});

test('200 additions at a time stop exactly at what is available', async () => {
  const customer = newCustomer();
  const codes = (await Promise.all(Array.from({ length: 200 }, () => shop.add(customer, 11, 3)))).map(code);
  expect(await shop.held(customer)).toEqual({ 11: 99 });
  expect([count(codes, 'OK'), count(codes, 'INSUFFICIENT_STOCK')]).toEqual([33, 167]);
});

test('two new options at a time cannot make a cart longer than its bound', async () => {
  const customer = newCustomer();
  const ids = Array.from({ length: 502 }, (_, index) => 1_000 + index);
  await shop.tell({ productId: 3, options: Object.fromEntries(ids.map((id) => [id, 1])) });
  await shop.rows(
    `WITH full_cart AS (INSERT INTO shop_cart.cart (user_id, lines) VALUES ($1, 499) RETURNING user_id)
    INSERT INTO shop_cart.cart_item (user_id, product_option_id, quantity) SELECT user_id, o, 1 FROM full_cart, unnest($2::bigint[]) AS o`,
    [customer, ids.slice(0, 499)],
  );
  const codes = (await Promise.all(ids.slice(499).map((id) => shop.add(customer, id)))).map(code);
  expect(codes.toSorted()).toEqual(['CART_FULL', 'CART_FULL', 'OK']);
  expect(Object.keys(await shop.held(customer))).toHaveLength(500);
});

test('a refused addition leaves no trace', async () => {
  const customer = newCustomer();
  await shop.tell({ productId: 4, onSale: false, options: { 40: 5 } });
  expect(code(await shop.add(customer, 999_999))).toBe('PRODUCT_NOT_FOUND');
  expect(code(await shop.add(customer, 40))).toBe('PRODUCT_NOT_ON_SALE');
  expect(code(await shop.add(customer, 10, STOCK + 1))).toBe('INSUFFICIENT_STOCK');
  expect(await shop.held(customer)).toEqual({});
});

describe('amounts beyond 2^53', () => {
  const DEAR = 5_000_000_000_000_000;

  test('are refused when they would come into the cart, by one item or by all together', async () => {
    const customer = newCustomer();
    await shop.tell({ productId: 5, price: DEAR, options: { 50: 1_000_000, 51: 5 } });
    expect(code(await shop.add(customer, 50, 1_000_000))).toBe('VALIDATION_FAILED');
    expect(code(await shop.add(customer, 50, 1))).toBe('OK');
    expect(code(await shop.add(customer, 50, 1))).toBe('VALIDATION_FAILED');
    expect(code(await shop.add(customer, 51, 1))).toBe('VALIDATION_FAILED');
  });

  test('that come of a risen price are refused, and the customer can still empty the cart', async () => {
    const customer = newCustomer();
    await shop.tell({ productId: 6, revision: 1, price: 1, options: { 60: 1_000_000, 61: 1_000_000 } });
    await shop.add(customer, 60, 1_000_000);
    await shop.add(customer, 61, 1_000_000);
    await shop.tell({ productId: 6, revision: 2, price: Number.MAX_SAFE_INTEGER, options: { 60: 1_000_000, 61: 1_000_000 } });
    expect(code(await shop.cart(customer))).toBe('VALIDATION_FAILED');
    expect(code(await shop.add(customer, 60, 1))).toBe('INSUFFICIENT_STOCK');
    expect(code(await shop.add(customer, 10, 1))).toBe('VALIDATION_FAILED');
    await shop.clear(customer);
    expect(await shop.cart(customer)).toEqual({ ok: true, value: { items: [], totalAmount: 0n } });
  });
});

describe('an item', () => {
  test('takes another quantity, within what is available', async () => {
    const customer = newCustomer();
    const added = await shop.add(customer, 10, 2);
    const itemId = added.ok ? added.value.cartItemId : 0;
    expect(await shop.change(customer, itemId, 7)).toMatchObject({
      ok: true,
      value: { cartItemId: itemId, quantity: 7, subtotal: 7_000n },
    });
    expect(await shop.change(customer, itemId, STOCK + 1)).toMatchObject({
      refusal: { code: 'INSUFFICIENT_STOCK', details: { requested: STOCK + 1, inCart: 7, available: STOCK } },
    });
    expect(await shop.held(customer)).toEqual({ 10: 7 });
  });

  test('is removed once', async () => {
    const customer = newCustomer();
    const added = await shop.add(customer, 10);
    await shop.add(customer, 11);
    const itemId = added.ok ? added.value.cartItemId : 0;
    const codes = (await Promise.all([shop.remove(customer, itemId), shop.remove(customer, itemId)])).map(code);
    expect(codes.toSorted()).toEqual(['CART_ITEM_NOT_FOUND', 'OK']);
    expect(await shop.held(customer)).toEqual({ 11: 1 });
  });

  test('of another customer is not there to change or remove', async () => {
    const [owner, other] = [newCustomer(), newCustomer()];
    const added = await shop.add(owner, 10, 2);
    const itemId = added.ok ? added.value.cartItemId : 0;
    expect(code(await shop.change(other, itemId, 1))).toBe('CART_ITEM_NOT_FOUND');
    expect(code(await shop.remove(other, itemId))).toBe('CART_ITEM_NOT_FOUND');
    expect(await shop.held(owner)).toEqual({ 10: 2 });
  });
});

test('a cart is shown in the order in which it was filled, at the prices of today', async () => {
  const customer = newCustomer();
  await shop.tell({ productId: 7, revision: 1, name: 'Mug', price: 900, options: { 70: 5 } });
  await shop.add(customer, 70, 2);
  await shop.add(customer, 10, 1);
  await shop.tell({ productId: 7, revision: 2, name: 'Mug', price: 950, options: { 70: 1 } });
  expect(await shop.cart(customer)).toMatchObject({
    ok: true,
    value: {
      items: [
        {
          productId: 7,
          productOptionId: 70,
          name: 'Mug',
          optionName: 'option 70',
          price: 950n,
          subtotal: 1_900n,
          problem: 'INSUFFICIENT_STOCK',
        },
        { productOptionId: 10, subtotal: 1_000n, available: STOCK, problem: null },
      ],
      totalAmount: 2_900n,
    },
  });
});

test('the count that bounds a cart is right, whatever was done to it', async () => {
  const customer = newCustomer();
  const itemIds = (await Promise.all([10, 11, 12].map((option) => shop.add(customer, option)))).flatMap((each) =>
    each.ok ? [each.value.cartItemId] : [],
  );
  const doings = Array.from({ length: 60 }, (_, index) => [
    () => shop.add(customer, 10 + (index % 3)),
    () => shop.remove(customer, itemIds[index % 3] ?? 0),
    () => shop.change(customer, itemIds[index % 3] ?? 0, 2),
    () => shop.paid({ userId: customer, lines: [{ productOptionId: 10 + (index % 3), quantity: 1 }] }),
    () => (index % 20 === 0 ? shop.clear(customer) : Promise.resolve()),
  ]).flat();
  await Promise.all(doings.map((each) => each()));
  await shop.settle();
  const [counts] = await shop.rows(
    'SELECT lines, (SELECT count(*) FROM shop_cart.cart_item WHERE user_id = $1) AS items FROM shop_cart.cart WHERE user_id = $1',
    [customer],
  );
  const items = Object.keys(await shop.held(customer)).length;
  expect(counts).toEqual({ lines: items, items });
});
