import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CouponId, OrderId, PaymentId, UserCouponId, UserId } from '../../kernel/ids.js';
import { money } from '../../kernel/money.js';
import { type HeldCoupon, type UseRequest, useInTurn } from './coupon-use.js';

const request = (paymentId: number, more: Partial<Record<'orderId' | 'totalAmount', number>> = {}): UseRequest => ({
  paymentId: paymentId as PaymentId,
  orderId: (more.orderId ?? paymentId) as OrderId,
  userId: 1 as UserId,
  couponId: 1 as CouponId,
  totalAmount: money(more.totalAmount ?? 1_000),
});

const unused: HeldCoupon = { userCouponId: 7 as UserCouponId, discountRate: 15, expired: false, used: false, orderHasCoupon: false };

const verdicts = (requests: readonly UseRequest[], held: Readonly<Record<number, HeldCoupon>>) =>
  useInTurn(requests, new Map(Object.entries(held).map(([paymentId, coupon]) => [Number(paymentId) as PaymentId, coupon]))).map((each) =>
    each.ok ? each.value.discountAmount : each.refusal.code,
  );

describe('using a coupon', () => {
  test('takes its rate off the total, rounded down', () => {
    expect(verdicts([request(1, { totalAmount: 999 })], { 1: unused })).toEqual([149n]);
  });

  test.each([
    ['the customer has none', undefined, 'INVALID_COUPON'],
    ['it has expired', { ...unused, expired: true }, 'EXPIRED_COUPON'],
    ['it was used before', { ...unused, used: true }, 'ALREADY_USED'],
    ['it was used before and has expired since', { ...unused, used: true, expired: true }, 'ALREADY_USED'],
    ['the order has another', { ...unused, orderHasCoupon: true }, 'ALREADY_USED'],
  ])('is refused when %s', (_, coupon, code) => {
    expect(verdicts([request(1)], coupon ? { 1: coupon } : {})).toEqual([code]);
  });

  test('of two payments at once with one coupon, the second finds it used', () => {
    expect(verdicts([request(1), request(2)], { 1: unused, 2: unused })).toEqual([150n, 'ALREADY_USED']);
  });

  test('of two coupons at once for one order, the second finds it taken', () => {
    const another = { ...unused, userCouponId: 8 as UserCouponId };
    expect(verdicts([request(1, { orderId: 5 }), request(2, { orderId: 5 })], { 1: unused, 2: another })).toEqual([150n, 'ALREADY_USED']);
  });

  test('a refused payment takes nothing from the next', () => {
    expect(verdicts([request(1), request(2)], { 1: { ...unused, orderHasCoupon: true }, 2: unused })).toEqual(['ALREADY_USED', 150n]);
  });
});

test('whatever comes in one batch: no coupon twice, no order twice, every discount between 0 and the total (U1, U2)', () => {
  const batches = fc.array(
    fc.record({
      orderId: fc.integer({ min: 1, max: 10 }),
      totalAmount: fc.nat(Number.MAX_SAFE_INTEGER),
      held: fc.option(
        fc.record({
          userCouponId: fc.integer({ min: 1, max: 10 }).map((id) => id as UserCouponId),
          discountRate: fc.integer({ min: 1, max: 100 }),
          expired: fc.boolean(),
          used: fc.boolean(),
          orderHasCoupon: fc.boolean(),
        }),
        { nil: undefined },
      ),
    }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(batches, (batch) => {
      const requests = batch.map(({ orderId, totalAmount }, index) => request(index + 1, { orderId, totalAmount }));
      const held = new Map(
        batch.flatMap(({ held: coupon }, index): [PaymentId, HeldCoupon][] => (coupon ? [[(index + 1) as PaymentId, coupon]] : [])),
      );
      const decided = useInTurn(requests, held);
      const uses = decided.flatMap((each) => (each.ok ? [each.value] : []));
      expect(new Set(uses.map(({ userCouponId }) => userCouponId)).size).toBe(uses.length);
      expect(new Set(uses.map(({ orderId }) => orderId)).size).toBe(uses.length);
      for (const { paymentId, discountAmount } of uses) {
        const { totalAmount } = requests[paymentId - 1] as UseRequest;
        const coupon = held.get(paymentId) as HeldCoupon;
        expect(coupon.expired || coupon.used || coupon.orderHasCoupon).toBe(false);
        expect(discountAmount >= 0n && discountAmount <= totalAmount).toBe(true);
        expect(100n * discountAmount <= totalAmount * BigInt(coupon.discountRate)).toBe(true);
        expect(100n * (discountAmount + 1n) > totalAmount * BigInt(coupon.discountRate)).toBe(true);
      }
    }),
  );
});
