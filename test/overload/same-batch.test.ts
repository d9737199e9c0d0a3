import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OrderId, UserId } from '../../src/kernel/ids.js';
import { CancelOrderUseCase } from '../../src/order/application/cancel-order.use-case.js';
import { CreateOrderUseCase } from '../../src/order/application/create-order.use-case.js';
import { OrderService } from '../../src/order/application/order.service.js';
import { startShop, type TestShop } from '../support/shop.js';

// Called in one turn of the event loop, so that they meet in one batch. Of other steps the same is told where they are tested:
// payments of one user in test/user/charge-payment.test.ts, one coupon in test/contracts, one key in test/http-platform.

let shop: TestShop;
let buyer: Awaited<ReturnType<TestShop['customer']>>;
let optionId: number;

beforeAll(async () => {
  shop = await startShop();
  buyer = await shop.customer(1_000);
  optionId = (await shop.product({ price: 100, stock: [100] })).optionIds[0] as number;
});
afterAll(() => shop.stop());

const order = async (lines = 1): Promise<OrderId> => {
  const items = Array.from({ length: lines }, () => ({ productOptionId: optionId, quantity: 1 }));
  return (await shop.api('POST', '/api/orders', { token: buyer.token, body: { items } })).body.orderId;
};
const codes = (verdicts: readonly ({ ok: true } | { ok: false; refusal: { code: string } })[]): string[] =>
  verdicts.map((verdict) => (verdict.ok ? 'ok' : verdict.refusal.code));
const pay = (orderId: OrderId) => shop.api('POST', `/api/orders/${orderId}/payment`, { token: buyer.token, body: {} });
const available = async (): Promise<number> => {
  const { items } = (await shop.api('GET', '/api/products')).body;
  return (await shop.api('GET', `/api/products/${items[0].productId}`)).body.options[0].available;
};

test('of two payments of one order one begins, and the other is told of it', async () => {
  const request = { orderId: await order(), userId: buyer.userId as UserId, couponId: null };
  const orders = shop.shop.server.app.get(OrderService);
  expect(codes(await Promise.all([orders.beginPayment(request), orders.beginPayment(request)]))).toEqual(['ok', 'PAYMENT_IN_PROGRESS']);
});

test('of two cancellations of one order one counts, and its stock is free once', async () => {
  const before = await available();
  const orderId = await order();
  const cancel = shop.shop.server.app.get(CancelOrderUseCase);
  const userId = buyer.userId as UserId;
  const verdicts = await Promise.all([
    cancel.execute(orderId, userId),
    cancel.execute(orderId, userId),
    cancel.execute(orderId, 999_999 as UserId),
  ]);
  expect(codes(verdicts)).toEqual(['ok', 'ORDER_CANCELLED', 'ORDER_NOT_FOUND']);
  await shop.settle();
  expect(await available()).toBe(before);
});

test('orders placed with one key are one order, others beside it are their own', async () => {
  const before = await available();
  const create = shop.shop.server.app.get(CreateOrderUseCase);
  const items = [{ productOptionId: optionId as never, quantity: 1 }];
  const userId = buyer.userId as UserId;
  const placed = await Promise.all(
    ['a', 'b', 'a', null, 'a', null].map((idempotencyKey) => create.execute({ userId, items, idempotencyKey })),
  );
  const ids = placed.map((each) => (each.ok ? each.value.id : 0));
  expect(new Set(ids).size).toBe(4);
  expect([ids[2], ids[4]]).toEqual([ids[0], ids[0]]);
  expect(await available()).toBe(before - 4);
});

test('payments of one user that the balance covers not all: exactly those are paid that it covers, many lines of one option among them', async () => {
  const orders = [await order(6), await order(3), await order(2), await order(1)];
  const paid = await Promise.all(orders.map(pay));
  const amounts = [600, 300, 200, 100].filter((_, index) => paid[index]?.status === 200);
  expect(paid.every(({ status }) => status === 200 || status === 422)).toBe(true);
  const spent = amounts.reduce((sum, amount) => sum + amount, 0);
  expect(spent).toBeLessThanOrEqual(1_000);
  const { balance } = (await shop.api('GET', '/api/users/me/balance', { token: buyer.token })).body;
  expect(balance).toBe(1_000 - spent);
  const refused = [600, 300, 200, 100].filter((_, index) => paid[index]?.status === 422);
  expect(refused.every((amount) => amount > balance)).toBe(true);
});
