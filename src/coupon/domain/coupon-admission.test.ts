import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CouponId, UserId } from '../../kernel/ids.js';
import { type Asking, type CouponOnOffer, admitInTurn, refusalOf } from './coupon-admission.js';

const EXPIRES_AT = new Date('2026-12-31T23:59:59.000Z');
const open: CouponOnOffer = { name: 'Ten off', discountRate: 10, quantity: 3, issued: 0, phase: 'OPEN', expiresAt: EXPIRES_AT };

const asking = (userId: number, coupon: CouponOnOffer | undefined = open, more: Partial<Asking> = {}): Asking => ({
  asker: { couponId: 1 as CouponId, userId: userId as UserId },
  coupon,
  held: undefined,
  ...more,
});

const verdicts = (askings: readonly Asking[]) => admitInTurn(askings).map((each) => (each.ok ? each.value.admission : each.refusal.code));

describe('admitting customers to a coupon', () => {
  test('the first to come get the coupons, numbered, and the others are told that it is sold out', () => {
    expect(verdicts([1, 2, 3, 4, 5].map((userId) => asking(userId)))).toEqual([1, 2, 3, 'COUPON_SOLD_OUT', 'COUPON_SOLD_OUT']);
  });

  test('the numbers go on from what was issued before', () => {
    expect(verdicts([asking(8, { ...open, issued: 1 }), asking(9, { ...open, issued: 1 })])).toEqual([2, 3]);
  });

  test('a customer who asks twice at once gets one, and the place of the second goes to the next', () => {
    expect(verdicts([asking(1), asking(1), asking(2)])).toEqual([1, 'ALREADY_ISSUED', 2]);
  });

  test('a holder is told that they have it, with their number, even when it is sold out', () => {
    const [verdict] = admitInTurn([asking(1, { ...open, issued: 3 }, { held: 2 })]);
    expect(verdict).toMatchObject({ ok: false, refusal: { code: 'ALREADY_ISSUED', details: { couponId: 1, admission: 2 } } });
  });

  test.each([
    ['that does not exist', undefined, 'COUPON_NOT_FOUND'],
    ['before its start', { ...open, phase: 'UPCOMING' }, 'COUPON_NOT_STARTED'],
    ['after its end', { ...open, phase: 'EXPIRED' }, 'EXPIRED_COUPON'],
    ['after its end, sold out', { ...open, phase: 'EXPIRED', issued: 3 }, 'EXPIRED_COUPON'],
  ] as const)('nobody gets a coupon %s', (_, coupon, code) => {
    expect(refusalOf({ ...asking(1), coupon })?.code).toBe(code);
    expect(verdicts([{ ...asking(1), coupon }])).toEqual([code]);
  });
});

describe('any crowd before any coupons', () => {
  const QUANTITY_MAX = 8;
  const crowds = fc.record({
    coupons: fc.array(
      fc
        .record({ quantity: fc.integer({ min: 1, max: QUANTITY_MAX }), issued: fc.nat(QUANTITY_MAX) })
        .map(({ quantity, issued }) => ({ ...open, quantity, issued: Math.min(issued, quantity) })),
      { minLength: 1, maxLength: 4 },
    ),
    askers: fc.array(fc.record({ coupon: fc.nat(3), userId: fc.integer({ min: 1, max: 12 }) }), { maxLength: 60 }),
  });

  const askingsOf = ({
    coupons,
    askers,
  }: {
    coupons: readonly CouponOnOffer[];
    askers: readonly { coupon: number; userId: number }[];
  }): Asking[] =>
    askers.map(({ coupon, userId }) => {
      const index = coupon % coupons.length;
      return { ...asking(userId, coupons[index]), asker: { couponId: (index + 1) as CouponId, userId: userId as UserId } };
    });

  test('gets exactly what is there: numbers without gap in the order of arrival, one per customer (A2, A3)', () => {
    fc.assert(
      fc.property(crowds, (crowd) => {
        const askings = askingsOf(crowd);
        const decided = admitInTurn(askings);
        crowd.coupons.forEach((coupon, index) => {
          const couponId = index + 1;
          const customers = new Set(askings.filter(({ asker }) => asker.couponId === couponId).map(({ asker }) => asker.userId));
          const admitted = decided.flatMap((each) => (each.ok && each.value.asker.couponId === couponId ? [each.value] : []));
          const expected = Math.min(customers.size, coupon.quantity - coupon.issued);
          expect(admitted.map(({ admission }) => admission)).toEqual(Array.from({ length: expected }, (_, nth) => coupon.issued + nth + 1));
          expect(new Set(admitted.map(({ asker }) => asker.userId)).size).toBe(expected);
        });
      }),
    );
  });

  test('decides the same in one batch as in two', () => {
    fc.assert(
      fc.property(crowds, fc.nat(60), (crowd, cut) => {
        const askings = askingsOf(crowd);
        const first = admitInTurn(askings.slice(0, cut));
        const admitted = first.flatMap((each) => (each.ok ? [each.value] : []));
        const later = askings.slice(cut).map(({ asker, coupon }) => ({
          asker,
          coupon: coupon && {
            ...coupon,
            issued: Math.max(
              coupon.issued,
              ...admitted.filter((each) => each.asker.couponId === asker.couponId).map(({ admission }) => admission),
            ),
          },
          held: admitted.find((each) => each.asker.couponId === asker.couponId && each.asker.userId === asker.userId)?.admission,
        }));
        const summary = (all: ReturnType<typeof admitInTurn>) => all.map((each) => (each.ok ? each.value.admission : each.refusal));
        expect(summary([...first, ...admitInTurn(later)])).toEqual(summary(admitInTurn(askings)));
      }),
    );
  });

  test('a glance refuses nobody whom the lock would have admitted (A1)', () => {
    fc.assert(
      fc.property(crowds, (crowd) => {
        const askings = askingsOf(crowd);
        const decided = admitInTurn(askings);
        const admittedAllTheSame = askings.filter((each, index) => refusalOf(each) && decided[index]?.ok);
        expect(admittedAllTheSame).toEqual([]);
      }),
    );
  });
});
