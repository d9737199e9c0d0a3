import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { OrderCancelled } from '../../src/order/application/events/order-cancelled.event.js';
import { OrderExpired } from '../../src/order/application/events/order-expired.event.js';
import { OrderPaymentFail } from '../../src/order/application/events/order-payment-fail.event.js';
import { OrderProcessingFail } from '../../src/order/application/events/order-processing-fail.event.js';
import type { ProductOptionId } from '../../src/kernel/ids.js';
import { type ProductDomain, openProductDomain } from './product-domain.js';

let shop: ProductDomain;
let order = 0;
let red: ProductOptionId;
let blue: ProductOptionId;

beforeAll(async () => void (shop = await openProductDomain()));
afterAll(() => shop.close());

beforeEach(async () => {
  order += 1;
  [red, blue] = (await shop.product([5, 3])).options as [ProductOptionId, ProductOptionId];
});

const at = '2026-11-22T12:00:00.000Z';
const ofOrder = (orderId: number) => ({ orderId, userId: 2, at });
const failure = (paymentId: number, orderId: number, refusedBy = 'user.deduct-balance') => ({
  paymentId,
  orderId,
  userId: 2,
  refusedBy,
  code: 'INSUFFICIENT_BALANCE',
  message: 'not enough',
});

describe('placing an order', () => {
  test('sets stock aside and answers names, prices and the end of the hold', async () => {
    const reply = await shop.place(order, [red, 2], [blue, 3]);
    expect(reply).toMatchObject({
      ok: true,
      answer: {
        items: [
          { productOptionId: red, name: 'Teapot (option 1)', price: 1_000 },
          { productOptionId: blue, name: 'Teapot (option 2)', price: 1_000 },
        ],
        expiresAt: expect.any(String),
      },
    });
    expect(await shop.option(red)).toEqual({ stock: 5, reserved: 2 });
    expect(await shop.option(blue)).toEqual({ stock: 3, reserved: 3 });
    const [held] = await shop.rows<{ minutes: number; same: boolean }>(
      `SELECT round(extract(epoch FROM expires_at - now()) / 60)::int AS minutes, expires_at = $2 AS same FROM shop_product.stock_hold WHERE order_id = $1`,
      [order, reply.ok ? reply.answer.expiresAt : null],
    );
    expect(held).toEqual({ minutes: 10, same: true });
  });

  test('takes nothing when one line cannot be had', async () => {
    expect(await shop.place(order, [red, 1], [blue, 4])).toMatchObject({ ok: false, refusals: [{ code: 'INSUFFICIENT_STOCK' }] });
    expect(await shop.option(red)).toEqual({ stock: 5, reserved: 0 });
    expect(await shop.holdStates(order)).toEqual([]);
  });

  test('is answered again, and does nothing again, when it is repeated', async () => {
    const first = await shop.place(order, [red, 2]);
    const second = await shop.place(order, [red, 2]);
    expect(second).toMatchObject({ ok: true, answer: first.ok ? first.answer : {} });
    expect(await shop.option(red)).toEqual({ stock: 5, reserved: 2 });
  });

  test('stays refused when it is repeated after the stock has come in', async () => {
    await shop.place(order, [red, 6]);
    await shop.receiveStock.execute({ productOptionId: red, quantity: 10, note: null, operatorId: 1 as never, requestKey: null });
    expect(await shop.place(order, [red, 6])).toMatchObject({
      refusals: [{ details: { productOptionId: red, requested: 6, available: 5 } }],
    });
  });

  test('is refused for what does not exist or is not on sale', async () => {
    expect(await shop.place(order, [999_999 as ProductOptionId, 1])).toMatchObject({ refusals: [{ code: 'PRODUCT_NOT_FOUND' }] });
    const { options } = await shop.product([5], { onSale: false });
    expect(await shop.place(order + 100_000, [options[0] as ProductOptionId, 1])).toMatchObject({
      refusals: [{ code: 'PRODUCT_NOT_ON_SALE' }],
    });
  });
});

describe('paying an order', () => {
  beforeEach(() => shop.place(order, [red, 2], [blue, 1]));

  test('confirms its holds: the pieces leave the stock', async () => {
    expect(await shop.pay(order, order)).toMatchObject({ ok: true, answer: {} });
    expect(await shop.option(red)).toEqual({ stock: 3, reserved: 0 });
    expect(await shop.holdStates(order)).toEqual(['CONFIRMED', 'CONFIRMED']);
  });

  test('has one effect however often it is asked for', async () => {
    await Promise.all([shop.pay(order, order), shop.pay(order, order), shop.pay(order, order)]);
    expect(await shop.pay(order, order)).toMatchObject({ ok: true });
    expect(await shop.option(red)).toEqual({ stock: 3, reserved: 0 });
  });

  test('is refused when the hold has expired, and the fail event goes out once', async () => {
    await shop.expire([order], 1);
    expect(await shop.pay(order, order)).toMatchObject({ refusals: [{ code: 'HOLD_EXPIRED' }] });
    expect(await shop.pay(order, order)).toMatchObject({ ok: false });
    const fails = await shop.published<{ paymentId: number }>('order.processing.fail');
    expect(fails.filter(({ paymentId }) => paymentId === order)).toMatchObject([
      { refusedBy: 'product.confirm-stock', code: 'HOLD_EXPIRED' },
    ]);
    expect(await shop.option(red)).toEqual({ stock: 5, reserved: 2 });
  });

  test('is refused whole when a part of the stock has been released', async () => {
    await shop.rows(`UPDATE shop_product.stock_hold SET state = 'RELEASED' WHERE order_id = $1 AND product_option_id = $2`, [order, blue]);
    await shop.rows(`UPDATE shop_product.product_option SET reserved = 0 WHERE product_option_id = $1`, [blue]);
    expect(await shop.pay(order, order)).toMatchObject({ refusals: [{ code: 'HOLD_EXPIRED' }] });
    expect(await shop.holdStates(order)).toEqual(['HELD', 'RELEASED']);
  });

  test('does not hurt its neighbours in a batch when it is refused', async () => {
    const { options } = await shop.product([9]);
    const others = [1, 2, 3].map((each) => order * 1_000 + each);
    await Promise.all(others.map((each) => shop.place(each, [options[0] as ProductOptionId, 3])));
    await shop.expire([others[1] as number], 1);
    const replies = await Promise.all(others.map((each) => shop.pay(each, each)));
    expect(replies.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(await shop.option(options[0] as ProductOptionId)).toEqual({ stock: 3, reserved: 3 });
  });
});

describe('a failed payment', () => {
  const events = [
    ['order.payment.fail', 'user', OrderPaymentFail],
    ['order.processing.fail', 'coupon', OrderProcessingFail],
  ] as const;

  test.each(events)('gives back to the order exactly what it confirmed (%s), and says so', async (type, publisher, event) => {
    await shop.place(order, [red, 2], [blue, 1]);
    const before = await Promise.all([shop.option(red), shop.option(blue), shop.holdStates(order)]);
    await shop.pay(order, order);
    await shop.publish(publisher, event.of(failure(order, order)));
    expect(await Promise.all([shop.option(red), shop.option(blue), shop.holdStates(order)])).toEqual(before);
    const done = await shop.published<{ paymentId: number }>(`${type}.done`);
    expect(done.filter(({ paymentId }) => paymentId === order)).toEqual([
      { paymentId: order, orderId: order, domain: 'product', undone: true },
    ]);
    expect(await shop.pay(order + 500_000, order)).toMatchObject({ ok: true });
  });

  test('is undone once, whoever reports it and how often', async () => {
    await shop.place(order, [red, 2]);
    await shop.pay(order, order);
    await shop.publish('coupon', OrderProcessingFail.of(failure(order, order, 'coupon.use-coupon')));
    await shop.publish('user', OrderPaymentFail.of(failure(order, order)), OrderPaymentFail.of(failure(order, order, 'order.deadline')));
    expect(await shop.option(red)).toEqual({ stock: 5, reserved: 2 });
    const done = await shop.published<{ paymentId: number; undone: boolean }>('order.payment.fail.done');
    expect(done.filter(({ paymentId }) => paymentId === order).map(({ undone }) => undone)).toEqual([false, false]);
  });

  test('that confirmed nothing leaves the holds of the order alone', async () => {
    await shop.place(order, [red, 2]);
    await shop.publish('coupon', OrderProcessingFail.of(failure(order, order, 'coupon.use-coupon')));
    expect(await shop.option(red)).toEqual({ stock: 5, reserved: 2 });
    expect(await shop.holdStates(order)).toEqual(['HELD']);
  });

  test('does not touch what another payment of the order has confirmed since', async () => {
    await shop.place(order, [red, 2]);
    await shop.pay(order, order);
    await shop.publish('user', OrderPaymentFail.of(failure(order, order)));
    const second = order + 600_000;
    await shop.pay(second, order);
    await shop.publish('order', OrderPaymentFail.of(failure(order, order, 'order.deadline')));
    expect(await shop.holdStates(order)).toEqual(['CONFIRMED']);
    expect(await shop.option(red)).toEqual({ stock: 3, reserved: 0 });
  });

  test('that comes before its confirmation leaves a tombstone, and the late confirmation is refused', async () => {
    await shop.place(order, [red, 2]);
    await shop.publish('order', OrderPaymentFail.of(failure(order, order, 'order.deadline')));
    expect(await shop.pay(order, order)).toMatchObject({ refusals: [{ code: 'PAYMENT_ABORTED' }] });
    expect(await shop.option(red)).toEqual({ stock: 5, reserved: 2 });
  });

  test('returns an expired hold to the sweeper', async () => {
    await shop.place(order, [red, 2]);
    await shop.pay(order, order);
    await shop.expire([order], 60);
    await shop.publish('user', OrderPaymentFail.of(failure(order, order)));
    expect(await shop.holdStates(order)).toEqual(['HELD']);
    await shop.releaseExpiredHolds.execute();
    expect(await shop.holdStates(order)).toEqual(['RELEASED']);
    expect(await shop.option(red)).toEqual({ stock: 5, reserved: 0 });
  });
});

describe('an order that is not paid', () => {
  test.each([
    ['expires', OrderExpired],
    ['is cancelled', OrderCancelled],
  ])('frees its stock when it %s', async (_, event) => {
    await shop.place(order, [red, 2], [blue, 1]);
    await shop.publish('order', event.of(ofOrder(order)));
    expect(await shop.option(red)).toEqual({ stock: 5, reserved: 0 });
    expect(await shop.holdStates(order)).toEqual(['RELEASED', 'RELEASED']);
    expect(await shop.pay(order, order)).toMatchObject({ refusals: [{ code: 'HOLD_EXPIRED' }] });
  });

  test('frees its stock once when both come, together with the sweeper', async () => {
    await shop.place(order, [red, 2]);
    await shop.expire([order], 60);
    await Promise.all([
      shop.publish('order', OrderExpired.of(ofOrder(order))),
      shop.publish('order', OrderCancelled.of(ofOrder(order))),
      shop.releaseExpiredHolds.execute(),
    ]);
    expect(await shop.option(red)).toEqual({ stock: 5, reserved: 0 });
  });

  test('loses its stock to the sweeper only after a grace period', async () => {
    await shop.place(order, [red, 2]);
    await shop.expire([order], 1);
    await shop.releaseExpiredHolds.execute();
    expect(await shop.holdStates(order)).toEqual(['HELD']);
    await shop.expire([order], 10);
    await shop.releaseExpiredHolds.execute();
    expect(await shop.holdStates(order)).toEqual(['RELEASED']);
  });
});
