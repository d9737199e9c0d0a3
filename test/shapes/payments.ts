import { beforeAll, describe, expect, test } from 'vitest';
import type { ShapedShop } from './shaped-shop.js';

let shop: ShapedShop;

/** What paying an order must do, in whatever shape the shop runs. */
export function describePayments(started: () => ShapedShop): void {
  beforeAll(() => {
    shop = started();
  });
  describePaid();
  describeRefused();
}

interface Bought {
  readonly buyer: Awaited<ReturnType<ShapedShop['customer']>>;
  readonly productId: number;
  readonly optionId: number;
  readonly orderId: number;
}

/** A customer with `balance` who has ordered `quantity` of a product with `stock` pieces at `price`. */
async function ordered({ balance = 10_000, price = 1_000, stock = 10, quantity = 2 } = {}): Promise<Bought> {
  const buyer = await shop.customer(balance);
  const { productId, optionIds } = await shop.product({ price, stock: [stock] });
  const optionId = optionIds[0] as number;
  const order = await shop.api('POST', '/api/orders', { token: buyer.token, body: { items: [{ productOptionId: optionId, quantity }] } });
  expect(order.status).toBe(201);
  return { buyer, productId, optionId, orderId: order.body.orderId };
}

async function coupon(token: string, terms: { discountRate?: number; expiresAt?: string } = {}): Promise<number> {
  const body = { name: 'Ten off', discountRate: 10, quantity: 100, expiresAt: '2100-01-01T00:00:00Z', ...terms };
  const created = await shop.api('POST', '/api/admin/coupons', { token: await shop.operatorToken(), body });
  expect(created.status).toBe(201);
  const issued = await shop.api('POST', `/api/coupons/${created.body.couponId}/issue`, { token });
  expect(issued.status).toBe(201);
  return created.body.couponId;
}

const pay = (token: string, orderId: number, body: object = {}) => shop.api('POST', `/api/orders/${orderId}/payment`, { token, body });

/** Everything a payment touches, as its customer sees it. */
async function worldOf({ buyer, productId, orderId }: Bought) {
  const [product, balance, coupons, order] = await Promise.all([
    shop.api('GET', `/api/products/${productId}`),
    shop.api('GET', '/api/users/me/balance', { token: buyer.token }),
    shop.api('GET', '/api/users/me/coupons', { token: buyer.token }),
    shop.api('GET', `/api/orders/${orderId}`, { token: buyer.token }),
  ]);
  const options = product.body.options.map(({ stock, available }: { stock: number; available: number }) => ({ stock, available }));
  return { options, balance: balance.body, coupons: coupons.body.items, order: order.body };
}

/** Pays, expects a refusal, and expects the world as it was before, at once: compensations come before the answer. */
async function expectRefusalWithoutTrace(bought: Bought, body: object, status: number, code: string) {
  const before = await worldOf(bought);
  const answer = await pay(bought.buyer.token, bought.orderId, body);
  expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(await worldOf(bought)).toEqual(before);
  return answer.body;
}

function describePaid(): void {
  describe('a payment that goes through', () => {
    test('takes the stock, the money and nothing else', async () => {
      const bought = await ordered({ balance: 10_000, price: 1_000, stock: 10, quantity: 3 });
      const paid = await pay(bought.buyer.token, bought.orderId);
      expect(paid.status).toBe(200);
      expect(paid.body).toMatchObject({
        orderId: bought.orderId,
        status: 'PAID',
        paidAmount: 3_000,
        discountAmount: 0,
        remainingBalance: 7_000,
      });
      const world = await worldOf(bought);
      expect(world).toMatchObject({
        options: [{ stock: 7, available: 7 }],
        balance: { balance: 7_000 },
        order: { status: 'PAID', finalAmount: 3_000 },
      });
    });

    test('with a coupon takes the discounted amount, and the coupon is used', async () => {
      const bought = await ordered({ balance: 5_000, price: 999, quantity: 1 });
      const couponId = await coupon(bought.buyer.token, { discountRate: 10 });
      const paid = await pay(bought.buyer.token, bought.orderId, { couponId });
      expect(paid.body).toMatchObject({ status: 'PAID', totalAmount: 999, discountAmount: 99, paidAmount: 900, remainingBalance: 4_100 });
      expect((await worldOf(bought)).coupons).toMatchObject([{ couponId, status: 'USED' }]);
    });

    test('for nothing at all, with a full discount, leaves the balance alone', async () => {
      const bought = await ordered({ balance: 0, price: 500, quantity: 1 });
      const couponId = await coupon(bought.buyer.token, { discountRate: 100 });
      const paid = await pay(bought.buyer.token, bought.orderId, { couponId });
      expect(paid.body).toMatchObject({ status: 'PAID', paidAmount: 0, discountAmount: 500, remainingBalance: 0 });
    });

    test('tells its steps: product, coupon and user, each by name', async () => {
      const bought = await ordered();
      const couponId = await coupon(bought.buyer.token);
      await pay(bought.buyer.token, bought.orderId, { couponId });
      const payment = await shop.api('GET', `/api/orders/${bought.orderId}/payment`, { token: bought.buyer.token });
      expect(payment.body).toMatchObject({ status: 'PAID', errorCode: null });
      expect(payment.body.steps.map(({ event, listener, outcome }: Record<string, string>) => `${event} ${listener} ${outcome}`)).toEqual([
        'order.processing product.confirm-stock DONE',
        'order.processing coupon.use-coupon DONE',
        'order.payment user.deduct-balance DONE',
      ]);
    });

    test('can be had asynchronously: 202 now, its outcome at the status address', async () => {
      const bought = await ordered();
      const accepted = await shop.api('POST', `/api/orders/${bought.orderId}/payment`, {
        token: bought.buyer.token,
        body: {},
        headers: { prefer: 'respond-async' },
      });
      expect(accepted).toMatchObject({
        status: 202,
        body: { status: 'PAYMENT_PROCESSING', statusUrl: `/api/orders/${bought.orderId}/payment` },
      });
      await expect
        .poll(async () => (await shop.api('GET', accepted.body.statusUrl, { token: bought.buyer.token })).body.status, { timeout: 20_000 })
        .toBe('PAID');
    });

    test('with an idempotency key is answered the same again, and charges once', async () => {
      const bought = await ordered({ balance: 10_000, price: 1_000, quantity: 1 });
      const headers = { 'idempotency-key': 'pay-once' };
      const first = await shop.api('POST', `/api/orders/${bought.orderId}/payment`, { token: bought.buyer.token, body: {}, headers });
      const second = await shop.api('POST', `/api/orders/${bought.orderId}/payment`, { token: bought.buyer.token, body: {}, headers });
      expect(second).toMatchObject({ status: first.status, body: first.body });
      expect((await worldOf(bought)).balance.balance).toBe(9_000);
    });
  });
}

function describeRefused(): void {
  describe('a payment that is refused leaves stock, coupon, balance and order as they were', () => {
    test('insufficient balance, and says what was needed', async () => {
      const bought = await ordered({ balance: 1_999, price: 1_000, quantity: 2 });
      const problem = await expectRefusalWithoutTrace(bought, {}, 422, 'INSUFFICIENT_BALANCE');
      expect(problem).toMatchObject({ required: 2_000, balance: 1_999 });
    });

    test('insufficient balance with a coupon: the coupon is free again', async () => {
      const bought = await ordered({ balance: 10, price: 1_000, quantity: 2 });
      const couponId = await coupon(bought.buyer.token);
      await expectRefusalWithoutTrace(bought, { couponId }, 422, 'INSUFFICIENT_BALANCE');
      expect((await worldOf(bought)).coupons).toMatchObject([{ status: 'AVAILABLE' }]);
    });

    test('a coupon that was used before', async () => {
      const first = await ordered();
      const couponId = await coupon(first.buyer.token);
      await pay(first.buyer.token, first.orderId, { couponId });
      const again = await shop.api('POST', '/api/orders', {
        token: first.buyer.token,
        body: { items: [{ productOptionId: first.optionId, quantity: 1 }] },
      });
      await expectRefusalWithoutTrace({ ...first, orderId: again.body.orderId }, { couponId }, 422, 'ALREADY_USED');
    });

    test("somebody else's coupon, and one that does not exist", async () => {
      const bought = await ordered();
      const stranger = await shop.customer();
      const couponId = await coupon(stranger.token);
      await expectRefusalWithoutTrace(bought, { couponId }, 422, 'INVALID_COUPON');
      await expectRefusalWithoutTrace(bought, { couponId: 999_999_999 }, 422, 'INVALID_COUPON');
    });

    test('an expired coupon', async () => {
      const bought = await ordered();
      const couponId = await coupon(bought.buyer.token, { expiresAt: new Date(Date.now() + 1_500).toISOString() });
      await expect
        .poll(async () => (await shop.api('GET', '/api/users/me/coupons', { token: bought.buyer.token })).body.items[0].status, {
          timeout: 20_000,
        })
        .toBe('EXPIRED');
      await expectRefusalWithoutTrace(bought, { couponId }, 422, 'EXPIRED_COUPON');
    });

    test("somebody else's order does not exist", async () => {
      const bought = await ordered();
      const stranger = await shop.customer(10_000);
      expect(await pay(stranger.token, bought.orderId)).toMatchObject({ status: 404, body: { code: 'ORDER_NOT_FOUND' } });
      expect((await worldOf(bought)).order.status).toBe('PENDING');
    });

    test('an order that is paid already', async () => {
      const bought = await ordered();
      await pay(bought.buyer.token, bought.orderId);
      await expectRefusalWithoutTrace(bought, {}, 409, 'ALREADY_PAID');
    });

    test('a cancelled order, whose stock is free', async () => {
      const bought = await ordered({ stock: 5, quantity: 5 });
      expect((await shop.api('POST', `/api/orders/${bought.orderId}/cancel`, { token: bought.buyer.token })).body).toEqual({
        orderId: bought.orderId,
        status: 'CANCELLED',
      });
      await shop.settle();
      expect((await worldOf(bought)).options).toEqual([{ stock: 5, available: 5 }]);
      await expectRefusalWithoutTrace(bought, {}, 422, 'ORDER_CANCELLED');
    });

    test('a refused order can be paid once the reason is gone', async () => {
      const bought = await ordered({ balance: 500, price: 1_000, quantity: 1 });
      await expectRefusalWithoutTrace(bought, {}, 422, 'INSUFFICIENT_BALANCE');
      await shop.api('POST', `/api/users/${bought.buyer.userId}/balance/charges`, {
        token: await shop.operatorToken(),
        body: { amount: 500 },
      });
      expect(await pay(bought.buyer.token, bought.orderId)).toMatchObject({ status: 200, body: { remainingBalance: 0 } });
    });

    test('who is told of a refusal may try again at once: the order is free when the answer comes', async () => {
      const bought = await ordered({ balance: 0 });
      for (let attempt = 0; attempt < 25; attempt++) {
        const { status, body } = await pay(bought.buyer.token, bought.orderId);
        expect({ status, code: body.code }).toEqual({ status: 422, code: 'INSUFFICIENT_BALANCE' });
      }
    });

    test('the refused attempt is on record, with who refused', async () => {
      const bought = await ordered({ balance: 0 });
      await pay(bought.buyer.token, bought.orderId);
      const payment = await shop.api('GET', `/api/orders/${bought.orderId}/payment`, { token: bought.buyer.token });
      expect(payment.body).toMatchObject({ status: 'REFUSED', errorCode: 'INSUFFICIENT_BALANCE' });
      expect(payment.body.steps).toContainEqual(
        expect.objectContaining({ listener: 'user.deduct-balance', outcome: 'REFUSED', code: 'INSUFFICIENT_BALANCE' }),
      );
    });
  });
}
