import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { eventCatalogue } from '../../src/event-catalogue.js';
import { type TestShop, startShop } from '../support/shop.js';

/**
 * The report's ten rows: an event, the domain that listens, and what can be seen of it afterwards.
 */
let shop: TestShop;

beforeAll(async () => {
  shop = await startShop();
});

afterAll(() => shop.stop());

const REPORTED_ROWS = [
  ['order.processing', 'product'],
  ['order.processing', 'coupon'],
  ['order.payment', 'user'],
  ['order.processed', 'order'],
  ['order.processed', 'product'],
  ['order.processing.fail', 'product'],
  ['order.processing.fail', 'coupon'],
  ['order.payment.fail', 'product'],
  ['order.payment.fail', 'coupon'],
  ['order.payment.fail', 'order'],
] as const;

test.for(REPORTED_ROWS)('the catalogue has the row %s → %s', ([type, domain]) => {
  expect(eventCatalogue.entry(type).subscribers.some((subscriber) => subscriber.startsWith(`${domain}.`))).toBe(true);
});

async function scene({ balance, ownCoupon }: { balance: number; ownCoupon: boolean }) {
  const buyer = await shop.customer(balance);
  const holder = ownCoupon ? buyer : await shop.customer();
  const { productId, optionIds } = await shop.product({ price: 1_000, stock: [10] });
  const terms = { name: 'Ten off', discountRate: 10, quantity: 5, expiresAt: '2100-01-01T00:00:00Z' };
  const { couponId } = (await shop.api('POST', '/api/admin/coupons', { token: await shop.operatorToken(), body: terms })).body;
  await shop.api('POST', `/api/coupons/${couponId}/issue`, { token: holder.token });
  const body = { items: [{ productOptionId: optionIds[0] as number, quantity: 2 }] };
  const { orderId } = (await shop.api('POST', '/api/orders', { token: buyer.token, body })).body;
  const paid = await shop.api('POST', `/api/orders/${orderId}/payment`, { token: buyer.token, body: { couponId } });
  await shop.settle();
  const [product, payment, coupons, order] = await Promise.all([
    shop.api('GET', `/api/products/${productId}`),
    shop.api('GET', `/api/orders/${orderId}/payment`, { token: buyer.token }),
    shop.api('GET', '/api/users/me/coupons', { token: holder.token }),
    shop.api('GET', `/api/orders/${orderId}`, { token: buyer.token }),
  ]);
  const steps = payment.body.steps.map(({ event, listener, outcome }: Record<string, string>) => `${event} → ${listener}: ${outcome}`);
  return {
    buyer,
    productId,
    couponId,
    orderId,
    paid,
    option: product.body.options[0],
    coupon: coupons.body.items[0],
    order: order.body,
    steps,
  };
}

describe('a payment that succeeds', () => {
  test('order.processing (product, coupon), order.payment (user), order.processed (data platform, ranking) have all taken place', async () => {
    const { paid, option, coupon, steps, productId, orderId } = await scene({ balance: 10_000, ownCoupon: true });
    expect(paid.body).toMatchObject({ status: 'PAID', paidAmount: 1_800, remainingBalance: 8_200 });
    expect(option).toMatchObject({ stock: 8, available: 8 });
    expect(coupon.status).toBe('USED');
    expect(steps).toEqual([
      'order.processing → product.confirm-stock: DONE',
      'order.processing → coupon.use-coupon: DONE',
      'order.payment → user.deduct-balance: DONE',
    ]);
    const top = await shop.api('GET', '/api/products/top?days=1&limit=100');
    expect(top.body.items).toContainEqual(expect.objectContaining({ productId, salesCount: 2 }));
    expect(await dataPlatformLines()).toContainEqual(expect.objectContaining({ type: 'order.processed', subject: String(orderId) }));
  });
});

describe('a payment refused at order.processing', () => {
  test('order.processing.fail: product rolls back the stock, coupon keeps its coupon free, the order is pending', async () => {
    const { paid, option, coupon, order, steps } = await scene({ balance: 10_000, ownCoupon: false });
    expect(paid).toMatchObject({ status: 422, body: { code: 'INVALID_COUPON' } });
    expect(option).toMatchObject({ stock: 10, available: 8 });
    expect(coupon.status).toBe('AVAILABLE');
    expect(order.status).toBe('PENDING');
    expect(steps).toContain('order.processing → coupon.use-coupon: REFUSED');
    // The roll-back may overtake the confirmation, which then finds a tombstone and is refused.
    expect(steps.filter((step: string) => step.includes('product.confirm-stock'))).toEqual([
      expect.stringMatching(/^order\.processing → product\.confirm-stock: (DONE|REFUSED)$/),
    ]);
  });
});

describe('a payment refused at order.payment', () => {
  test('order.payment.fail: product rolls back, coupon is free again, the order is pending', async () => {
    const { paid, option, coupon, order, steps } = await scene({ balance: 100, ownCoupon: true });
    expect(paid).toMatchObject({ status: 422, body: { code: 'INSUFFICIENT_BALANCE' } });
    expect(option).toMatchObject({ stock: 10, available: 8 });
    expect(coupon.status).toBe('AVAILABLE');
    expect(order.status).toBe('PENDING');
    expect(steps).toContain('order.payment → user.deduct-balance: REFUSED');
  });
});

/** Every event that has reached the data platform's files. */
async function dataPlatformLines(): Promise<unknown[]> {
  const folder = join(shop.dataDir, 'data-platform');
  const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
  return files.flatMap((text) => text.trim().split('\n')).map((line) => JSON.parse(line) as unknown);
}
