import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CouponDomain } from '../coupon/coupon-domain.js';
import { describeWithRedis, sharedRedis } from '../support/redis.js';

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);
const count = <T>(all: readonly T[], wanted: T): number => all.filter((each) => each === wanted).length;

/** What every gate keeps, whoever keeps it. */
function keepsTheGate(start: () => Promise<CouponDomain>): void {
  let shop: CouponDomain;
  beforeAll(async () => {
    shop = await start();
  });
  afterAll(() => shop.stop());

  const admissionsOf = (couponId: number) =>
    shop.rows<{ admission: number; user_id: number }>(
      'SELECT admission, user_id FROM shop_coupon.user_coupon WHERE coupon_id = $1 ORDER BY admission',
      [couponId],
    );

  describe('a rush for a coupon', () => {
    test('of 2,000 customers exactly the first 100 get one, in the order of arrival', async () => {
      const couponId = await shop.offer({ quantity: 100 });
      const verdicts = await Promise.all(upTo(2_000).map((userId) => shop.issue(couponId, userId)));
      expect(verdicts.slice(0, 100)).toEqual(upTo(100));
      expect(count(verdicts, 'COUPON_SOLD_OUT')).toBe(1_900);
      expect(await admissionsOf(couponId)).toEqual(upTo(100).map((nth) => ({ admission: nth, user_id: nth })));
      expect(await shop.queries.detail(couponId)).toMatchObject({ issued: 100, remainingQuantity: 0 });
    });

    test('over two processes and three coupons nobody gets two, and nothing is over or left', async () => {
      const coupons = [await shop.offer({ quantity: 100 }), await shop.offer({ quantity: 37 }), await shop.offer({ quantity: 1_000 })];
      const other = shop.anotherGate();
      await shop.connected();
      // Everybody asks for every coupon at both processes, in different orders.
      const asks = upTo(400).flatMap((userId) => coupons.map((couponId) => ({ userId, couponId })));
      const verdicts = await Promise.all([
        ...asks.map(({ couponId, userId }) => shop.issue(couponId, userId)),
        ...asks.toReversed().map(({ couponId, userId }) => shop.issue(couponId, userId, other)),
      ]);
      expect(verdicts.filter((each) => typeof each === 'number')).toHaveLength(100 + 37 + 400);
      const [hundred, few, plenty] = await Promise.all(coupons.map(admissionsOf));
      expect(hundred?.map(({ admission }) => admission)).toEqual(upTo(100));
      expect(few?.map(({ admission }) => admission)).toEqual(upTo(37));
      expect(plenty?.map(({ admission }) => admission)).toEqual(upTo(400));
      for (const holders of [hundred, few, plenty]) expect(new Set(holders?.map(({ user_id }) => user_id)).size).toBe(holders?.length);
    });

    test('a customer who asks ten times at once gets one', async () => {
      const couponId = await shop.offer({ quantity: 5 });
      const verdicts = await Promise.all(upTo(10).map(() => shop.issue(couponId, 7)));
      expect(verdicts).toEqual([1, ...Array.from({ length: 9 }, () => 'ALREADY_ISSUED')]);
      expect(await shop.issue(couponId, 8)).toBe(2);
    });

    test('a sold-out coupon is refused without waiting for whoever locks it', async () => {
      const couponId = await shop.offer({ quantity: 1 });
      await shop.issue(couponId, 1);
      await shop.whileLocked(couponId, async () => {
        expect(await shop.issue(couponId, 2)).toBe('COUPON_SOLD_OUT');
        expect(await shop.issue(couponId, 1)).toBe('ALREADY_ISSUED');
      });
    });

    test('refusals in a batch leave their neighbours alone', async () => {
      const [open, upcoming, over] = [
        await shop.offer({ quantity: 2 }),
        await shop.offer({ startsAt: new Date(Date.now() + 3_600_000) }),
        await shop.offer({ quantity: 2 }),
      ];
      await shop.expire(over);
      const unknown = 999_999;
      const verdicts = await Promise.all([
        shop.issue(upcoming, 1),
        shop.issue(open, 1),
        shop.issue(over, 1),
        shop.issue(unknown, 1),
        shop.issue(open, 2),
        shop.issue(Number.MAX_SAFE_INTEGER, 1),
      ]);
      expect(verdicts).toEqual(['COUPON_NOT_STARTED', 1, 'EXPIRED_COUPON', 'COUPON_NOT_FOUND', 2, 'COUPON_NOT_FOUND']);
    });

    test('the answer tells all that the customer needs', async () => {
      const expiresAt = new Date(Date.now() + 86_400_000);
      const couponId = await shop.offer({ quantity: 3, discountRate: 25, expiresAt });
      await shop.issue(couponId, 1);
      const issued = await shop.gate.issue({ couponId, userId: 2 as never });
      expect(issued).toEqual({
        ok: true,
        value: {
          userCouponId: expect.any(Number) as number,
          couponId,
          name: 'Ten off',
          discountRate: 25,
          expiresAt,
          admission: 2,
          remainingQuantity: 1,
        },
      });
    });
  });

  describe('the database itself refuses', () => {
    test('one coupon more than the quantity', async () => {
      const couponId = await shop.offer({ quantity: 1 });
      await expect(shop.rows('UPDATE shop_coupon.coupon SET issued = 2 WHERE id = $1', [couponId])).rejects.toThrow(
        'coupon_never_over_issued',
      );
    });

    test('a second coupon of a kind for one customer, and a second n-th customer', async () => {
      const couponId = await shop.offer({ quantity: 5 });
      await shop.issue(couponId, 1);
      const insert = 'INSERT INTO shop_coupon.user_coupon (coupon_id, user_id, admission) VALUES ($1, $2, $3)';
      await expect(shop.rows(insert, [couponId, 1, 2])).rejects.toThrow('user_coupon_one_per_customer');
      await expect(shop.rows(insert, [couponId, 2, 1])).rejects.toThrow('user_coupon_admission');
    });
  });
}

describe('the database', () => {
  keepsTheGate(() => CouponDomain.start());
});

describeWithRedis('Redis with the database in step', () => keepsTheGate(() => CouponDomain.start({ redis: sharedRedis() })));
