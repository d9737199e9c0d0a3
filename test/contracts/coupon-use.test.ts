import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CouponId, UserId } from '../../src/kernel/ids.js';
import { OrderPaymentFailDone } from '../../src/order/application/events/order-payment-fail-done.event.js';
import { OrderPaymentFail } from '../../src/order/application/events/order-payment-fail.event.js';
import { OrderProcessingFailDone } from '../../src/order/application/events/order-processing-fail-done.event.js';
import { OrderProcessingFail } from '../../src/order/application/events/order-processing-fail.event.js';
import { CouponDomain } from '../coupon/coupon-domain.js';
import { describeWithRedis, sharedRedis } from '../support/redis.js';

/** What using and cancelling come to, whatever stands before the rows. */
function usesCoupons(start: () => Promise<CouponDomain>): void {
  let shop: CouponDomain;
  beforeAll(async () => {
    shop = await start();
  });
  afterAll(() => shop.stop());

  let lastPayment = 0;
  let payment: number;
  let couponId: CouponId;
  /** Every test has a coupon of 10% that user 1 holds, and a payment of its own. */
  beforeEach(async () => {
    payment = lastPayment += 100;
    couponId = await shop.offer({ quantity: 10 });
    await shop.issue(couponId, 1);
  });

  const statusOf = async (userId = 1): Promise<string | undefined> => {
    const held = await shop.queries.ofUser({ userId: userId as UserId, status: undefined, before: undefined, rowsMax: 100 });
    return held.find((each) => each.couponId === couponId)?.status;
  };

  const failuresOf = async (paymentId: number) =>
    (await shop.published(OrderProcessingFail)).filter((data) => (data as { paymentId: number }).paymentId === paymentId);
  const reportsOf = async (event: { type: string }, paymentId: number) =>
    (await shop.published(event)).filter((data) => (data as { paymentId: number }).paymentId === paymentId);

  describe('order.processing → coupon.use-coupon', () => {
    test('uses the coupon and answers the discount, rounded down', async () => {
      expect(await shop.use({ paymentId: payment, couponId, totalAmount: 999 })).toBe(99);
      expect(await statusOf()).toBe('USED');
      expect(await failuresOf(payment)).toEqual([]);
    });

    test('a repeated request gets the same answer, and nothing is used twice', async () => {
      const request = { paymentId: payment, couponId };
      expect([await shop.use(request), await shop.use(request)]).toEqual([100, 100]);
      expect(await Promise.all([shop.use(request), shop.use(request)])).toEqual([100, 100]);
    });

    test('two requests of one payment at once are one use', async () => {
      const request = { paymentId: payment, couponId };
      expect(await Promise.all([shop.use(request), shop.use(request)])).toEqual([100, 100]);
    });

    test('a payment without a coupon has no discount and leaves no trace', async () => {
      expect(await shop.use({ paymentId: payment, couponId: null })).toBeUndefined();
      expect(await shop.rows('SELECT * FROM shop_coupon.saga_step WHERE saga_id = $1', [payment])).toEqual([]);
    });

    test('of 40 orders that pay with one coupon at once, exactly one wins', async () => {
      const payments = Array.from({ length: 40 }, (_, index) => payment + index);
      const verdicts = await Promise.all(payments.map((paymentId) => shop.use({ paymentId, couponId })));
      expect(verdicts.filter((each) => each === 100)).toHaveLength(1);
      expect(verdicts.filter((each) => each === 'ALREADY_USED')).toHaveLength(39);
      // The fail events of the 39 cancel nothing of the winner.
      await shop.settle();
      expect(await statusOf()).toBe('USED');
    });

    test('two processes that pay two orders with one coupon: one waits for the other and finds it used', async () => {
      const first = { couponId, userId: 1, orderId: payment + 1 };
      expect(await shop.overtakenBy(first, () => shop.use({ paymentId: payment, couponId }))).toBe('ALREADY_USED');
    });

    test('one order uses one coupon', async () => {
      const another = await shop.offer();
      await shop.issue(another, 1);
      const verdicts = await Promise.all([
        shop.use({ paymentId: payment, orderId: payment, couponId }),
        shop.use({ paymentId: payment + 1, orderId: payment, couponId: another }),
      ]);
      expect(verdicts).toEqual([100, 'ALREADY_USED']);
    });

    test.each([
      ['somebody else holds', async () => ({ couponId, userId: 2 }), 'INVALID_COUPON'],
      ['nobody made', async () => ({ couponId: 999_999, userId: 1 }), 'INVALID_COUPON'],
      [
        'has expired',
        async () => {
          await shop.expire(couponId);
          return { couponId, userId: 1 };
        },
        'EXPIRED_COUPON',
      ],
    ])('a coupon that %s is refused, and the failure is published once, with the refusal', async (_, which, code) => {
      const request = { paymentId: payment, ...(await which()) };
      expect(await shop.use(request)).toBe(code);
      expect(await shop.use(request)).toBe(code);
      await shop.settle();
      expect(await shop.use(request)).toBe(code);
      expect(await failuresOf(payment)).toMatchObject([{ paymentId: payment, orderId: payment, refusedBy: 'coupon.use-coupon', code }]);
    });

    test('refusals in a batch leave their neighbours alone', async () => {
      const verdicts = await Promise.all([
        shop.use({ paymentId: payment, couponId, userId: 2 }),
        shop.use({ paymentId: payment + 1, couponId }),
        shop.use({ paymentId: payment + 2, couponId: 999_999 }),
      ]);
      expect(verdicts).toEqual(['INVALID_COUPON', 100, 'INVALID_COUPON']);
    });

    test('a customer whose use was refused because the coupon was not theirs can still get and use it', async () => {
      expect(await shop.use({ paymentId: payment, couponId, userId: 2 })).toBe('INVALID_COUPON');
      expect(await shop.issue(couponId, 2)).toBe(2);
      expect(await shop.use({ paymentId: payment + 1, orderId: payment, couponId, userId: 2 })).toBe(100);
      await shop.settle();
      expect(await statusOf(2)).toBe('USED');
    });
  });

  describe.each([
    [OrderProcessingFail, OrderProcessingFailDone],
    [OrderPaymentFail, OrderPaymentFailDone],
  ])('$type → coupon.cancel-use', (failed, reported) => {
    test('makes the coupon available again, for any order', async () => {
      await shop.use({ paymentId: payment, couponId });
      await shop.fail(failed, payment);
      expect(await statusOf()).toBe('AVAILABLE');
      expect(await reportsOf(reported, payment)).toEqual([{ paymentId: payment, orderId: payment, domain: 'coupon', undone: true }]);
      expect(await shop.use({ paymentId: payment + 1, orderId: payment, couponId })).toBe(100);
    });

    test('cancels what this payment used, and nothing of a later payment with the same coupon', async () => {
      await shop.use({ paymentId: payment, couponId });
      await shop.fail(failed, payment);
      await shop.use({ paymentId: payment + 1, orderId: payment, couponId });
      await shop.fail(failed, payment);
      expect(await statusOf()).toBe('USED');
      expect(await reportsOf(reported, payment)).toMatchObject([{ undone: true }, { undone: false }]);
    });

    test('reports that there was nothing to do for a payment without a coupon, or with a refused one', async () => {
      await shop.use({ paymentId: payment, couponId: null });
      await shop.use({ paymentId: payment + 1, couponId, userId: 2 });
      await shop.fail(failed, payment, payment + 1);
      expect(await reportsOf(reported, payment)).toMatchObject([{ undone: false }]);
      for (const report of await reportsOf(reported, payment + 1)) expect(report).toMatchObject({ undone: false });
      expect(await statusOf()).toBe('AVAILABLE');
    });

    test('a use that comes after its cancellation is refused and uses nothing', async () => {
      await shop.fail(failed, payment);
      expect(await shop.use({ paymentId: payment, couponId })).toBe('PAYMENT_ABORTED');
      expect(await statusOf()).toBe('AVAILABLE');
      expect(await shop.use({ paymentId: payment + 1, couponId })).toBe(100);
    });

    test('many payments that fail at once get back each their own', async () => {
      const users = Array.from({ length: 9 }, (_, index) => index + 2);
      await Promise.all(users.map((userId) => shop.issue(couponId, userId)));
      await Promise.all(users.map((userId) => shop.use({ paymentId: payment + userId, couponId, userId })));
      await shop.fail(failed, ...users.filter((userId) => userId % 2 === 0).map((userId) => payment + userId));
      const statuses = await Promise.all(users.map(statusOf));
      expect(statuses).toEqual(users.map((userId) => (userId % 2 === 0 ? 'AVAILABLE' : 'USED')));
    });
  });
}

describe('the database', () => {
  usesCoupons(() => CouponDomain.start());
});

describeWithRedis('the database behind claims in Redis', () => usesCoupons(() => CouponDomain.start({ redis: sharedRedis() })));
