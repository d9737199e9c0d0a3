import { beforeAll, expect, test } from 'vitest';
import type { Answer } from '../support/client.js';
import type { ShapedShop } from './shaped-shop.js';

const CROWD = 200;

let shop: ShapedShop;
/** Signing up costs a password hash each: one crowd serves two tests. */
let signedUp: Promise<Awaited<ReturnType<ShapedShop['customer']>>[]> | undefined;

/** With money for one thing each. */
const crowdOfCustomers = () => (signedUp ??= crowd(() => shop.customer(1_000)));

const crowd = <T>(act: (index: number) => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: CROWD }, (_, index) => act(index)));

const order = (token: string, productOptionId: number, quantity = 1) =>
  shop.api('POST', '/api/orders', { token, body: { items: [{ productOptionId, quantity }] } });

const pay = (token: string, orderId: number, body: object = {}) => shop.api('POST', `/api/orders/${orderId}/payment`, { token, body });

/** How often each answer came: `{ '200': 7, '422 INSUFFICIENT_BALANCE': 3 }`. */
function tally(answers: readonly Answer[]): Record<string, number> {
  const byAnswer = Map.groupBy(answers, ({ status, body }) => (body?.code ? `${status} ${body.code}` : `${status}`));
  return Object.fromEntries([...byAnswer].map(([key, same]) => [key, same.length]));
}

/** Everybody at once: in whatever shape the shop runs, nothing is sold, charged, used or given out twice. */
export function describeCrowds(started: () => ShapedShop): void {
  beforeAll(() => {
    shop = started();
  });

  test('200 customers want one of 100 pieces: exactly 100 orders, 100 payments, and nothing is left or missing', async () => {
    const buyers = await crowdOfCustomers();
    const { productId, optionIds } = await shop.product({ price: 1_000, stock: [100] });
    const optionId = optionIds[0] as number;
    const orders = await Promise.all(buyers.map(({ token }) => order(token, optionId)));
    expect(tally(orders)).toEqual({ '201': 100, '422 INSUFFICIENT_STOCK': 100 });

    const won = orders.flatMap(({ status, body }, index) =>
      status === 201 ? [{ orderId: body.orderId, token: buyers[index]?.token ?? '' }] : [],
    );
    expect(tally(await Promise.all(won.map(({ token, orderId }) => pay(token, orderId))))).toEqual({ '200': 100 });
    const product = await shop.api('GET', `/api/products/${productId}`);
    expect(product.body.options).toMatchObject([{ stock: 0, available: 0 }]);
    await shop.expectCleanBooks();
  });

  test('one customer with money for 50 pays 200 orders at once: exactly 50 go through, the others find everything as before', async () => {
    const buyer = await shop.customer(50_000);
    const { productId, optionIds } = await shop.product({ price: 1_000, stock: [CROWD] });
    const orders = await crowd(() => order(buyer.token, optionIds[0] as number));
    const payments = await Promise.all(orders.map(({ body }) => pay(buyer.token, body.orderId)));
    expect(tally(payments)).toEqual({ '200': 50, '422 INSUFFICIENT_BALANCE': 150 });
    expect((await shop.api('GET', '/api/users/me/balance', { token: buyer.token })).body.balance).toBe(0);
    expect((await shop.api('GET', `/api/products/${productId}`)).body.options).toMatchObject([{ stock: 150, available: 0 }]);
    await shop.expectCleanBooks();
  });

  test('one order paid 200 times at once is charged once', async () => {
    const buyer = await shop.customer(100_000);
    const { optionIds } = await shop.product({ price: 1_000, stock: [10] });
    const { body } = await order(buyer.token, optionIds[0] as number);
    const payments = await crowd(() => pay(buyer.token, body.orderId));
    const { '200': paid, ...others } = tally(payments);
    expect(paid).toBe(1);
    expect(Object.keys(others).every((code) => code === '409 PAYMENT_IN_PROGRESS' || code === '409 ALREADY_PAID')).toBe(true);
    expect((await shop.api('GET', '/api/users/me/balance', { token: buyer.token })).body.balance).toBe(99_000);
    await shop.expectCleanBooks();
  });

  test('one coupon in 200 payments of one customer at once is used once', async () => {
    const buyer = await shop.customer(1_000_000);
    const { optionIds } = await shop.product({ price: 1_000, stock: [CROWD] });
    const terms = { name: 'Half', discountRate: 50, quantity: 1, expiresAt: '2100-01-01T00:00:00Z' };
    const { couponId } = (await shop.api('POST', '/api/admin/coupons', { token: await shop.operatorToken(), body: terms })).body;
    expect((await shop.api('POST', `/api/coupons/${couponId}/issue`, { token: buyer.token })).status).toBe(201);
    const orders = await crowd(() => order(buyer.token, optionIds[0] as number));
    const payments = await Promise.all(orders.map(({ body }) => pay(buyer.token, body.orderId, { couponId })));
    expect(tally(payments)).toEqual({ '200': 1, '422 ALREADY_USED': CROWD - 1 });
    expect((await shop.api('GET', '/api/users/me/balance', { token: buyer.token })).body.balance).toBe(999_500);
    await shop.expectCleanBooks();
  });

  test('200 customers rush for 20 coupons: exactly 20 get one, numbered from 1 to 20', async () => {
    const buyers = await crowdOfCustomers();
    const terms = { name: 'Rush', discountRate: 10, quantity: 20, expiresAt: '2100-01-01T00:00:00Z' };
    const { couponId } = (await shop.api('POST', '/api/admin/coupons', { token: await shop.operatorToken(), body: terms })).body;
    const issued = await Promise.all(buyers.map(({ token }) => shop.api('POST', `/api/coupons/${couponId}/issue`, { token })));
    expect(tally(issued)).toEqual({ '201': 20, '422 COUPON_SOLD_OUT': 180 });
    const admissions = issued.filter(({ status }) => status === 201).map(({ body }) => body.admission as number);
    expect(admissions.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  test('payments, cancellations and refusals over the same few products, in every order at once: no deadlock, clean books', async () => {
    const { optionIds } = await shop.product({ price: 100, stock: [10_000, 10_000, 10_000, 10_000] });
    const buyers = await Promise.all(Array.from({ length: 10 }, () => shop.customer(3_000)));
    const answers = await crowd(async (index) => {
      const token = buyers[index % buyers.length]?.token ?? '';
      const items = optionIds.map((_, at) => ({
        productOptionId: optionIds[(at + index) % optionIds.length] as number,
        quantity: 1 + (index % 3),
      }));
      const placed = await shop.api('POST', '/api/orders', { token, body: { items } });
      return index % 5 === 0 ? shop.api('POST', `/api/orders/${placed.body.orderId}/cancel`, { token }) : pay(token, placed.body.orderId);
    });
    expect(Object.keys(tally(answers)).toSorted()).toEqual(['200', '422 INSUFFICIENT_BALANCE']);
    await shop.expectCleanBooks();
  });
}
