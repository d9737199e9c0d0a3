import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CartDomain, startCartDomain } from './cart-domain.js';

let shop: CartDomain;
let customerCount = 0;
const newCustomer = (): number => ++customerCount;

beforeAll(async () => {
  shop = await startCartDomain();
  await shop.tell({ productId: 1, options: { 10: 1_000, 11: 1_000, 12: 1_000 } });
});
afterAll(() => shop.stop());

describe('order.collecting', () => {
  test("is answered with the cart's lines, in the order in which it was filled", async () => {
    const customer = newCustomer();
    await shop.add(customer, 12, 3);
    await shop.add(customer, 10, 1);
    expect(await shop.collect(customer)).toMatchObject({
      ok: true,
      answer: {
        items: [
          { productOptionId: 12, quantity: 3 },
          { productOptionId: 10, quantity: 1 },
        ],
      },
    });
  });

  test('is refused for an empty cart, and for a customer who never had one', async () => {
    const customer = newCustomer();
    expect(await shop.collect(customer)).toMatchObject({ ok: false, refusals: [{ code: 'EMPTY_CART' }] });
    await shop.add(customer, 10);
    await shop.clear(customer);
    expect(await shop.collect(customer)).toMatchObject({ ok: false, refusals: [{ code: 'EMPTY_CART' }] });
  });

  test('of many customers at a time gives each the own lines', async () => {
    const all = Array.from({ length: 20 }, newCustomer);
    await Promise.all(all.flatMap((customer, index) => (index % 4 === 0 ? [] : [shop.add(customer, 10, index)])));
    const replies = await Promise.all(all.map((customer) => shop.collect(customer)));
    const quantities = replies.map((reply) => (reply.ok ? reply.answer.items[0]?.quantity : reply.refusals[0].code));
    expect(quantities).toEqual(all.map((_, index) => (index % 4 === 0 ? 'EMPTY_CART' : index)));
  });
});

describe('a paid order', () => {
  test('empties the cart that it came from', async () => {
    const customer = newCustomer();
    await shop.add(customer, 10, 2);
    await shop.add(customer, 11, 5);
    await shop.paid({
      userId: customer,
      lines: [
        { productOptionId: 10, quantity: 2 },
        { productOptionId: 11, quantity: 5 },
      ],
    });
    await shop.settle();
    expect(await shop.held(customer)).toEqual({});
  });

  test('leaves what came into the cart meanwhile, and what was not ordered', async () => {
    const customer = newCustomer();
    await shop.add(customer, 10, 2);
    await shop.add(customer, 12, 1);
    await shop.add(customer, 10, 3);
    await shop.paid({ userId: customer, lines: [{ productOptionId: 10, quantity: 2 }] });
    await shop.settle();
    expect(await shop.held(customer)).toEqual({ 10: 3, 12: 1 });
  });

  test('of more than the cart holds, or of a customer without a cart, takes what there is', async () => {
    const [customer, without] = [newCustomer(), newCustomer()];
    await shop.add(customer, 10, 1);
    await shop.paid(
      {
        userId: customer,
        lines: [
          { productOptionId: 10, quantity: 9 },
          { productOptionId: 11, quantity: 1 },
        ],
      },
      { userId: without, lines: [{ productOptionId: 10, quantity: 1 }] },
    );
    await shop.settle();
    expect([await shop.held(customer), await shop.held(without)]).toEqual([{}, {}]);
  });

  test('and others of the same customer in one batch count together', async () => {
    const [customer, other] = [newCustomer(), newCustomer()];
    await shop.add(customer, 10, 10);
    await shop.add(other, 10, 10);
    const one = { userId: customer, lines: [{ productOptionId: 10, quantity: 3 }] };
    await shop.paid(one, { userId: other, lines: [{ productOptionId: 10, quantity: 10 }] }, one, one);
    await shop.settle();
    expect([await shop.held(customer), await shop.held(other)]).toEqual([{ 10: 1 }, {}]);
  });

  test('loses no addition that is made at the same time', async () => {
    const customers = Array.from({ length: 5 }, newCustomer);
    await Promise.all(customers.map((customer) => shop.add(customer, 10, 40)));
    await Promise.all(
      Array.from({ length: 20 }, () =>
        customers.flatMap((customer) => [
          shop.add(customer, 10, 2),
          shop.add(customer, 11, 1),
          shop.paid({ userId: customer, lines: [{ productOptionId: 10, quantity: 1 }] }),
        ]),
      ).flat(),
    );
    await shop.settle();
    const held = await Promise.all(customers.map((customer) => shop.held(customer)));
    expect(held).toEqual(customers.map(() => ({ 10: 60, 11: 20 })));
    const lines = await shop.rows('SELECT lines FROM shop_cart.cart WHERE user_id = ANY ($1::bigint[])', [customers]);
    expect(lines).toEqual(customers.map(() => ({ lines: 2 })));
  });
});
