import { afterAll, beforeAll, expect, test } from 'vitest';
import type { UserId } from '../../src/kernel/ids.js';
import { CouponDomain } from './coupon-domain.js';

let shop: CouponDomain;
beforeAll(async () => {
  shop = await CouponDomain.start();
});
afterAll(() => shop.stop());

const HOUR_MS = 3_600_000;
const inHours = (hours: number): Date => new Date(Date.now() + hours * HOUR_MS);

test('the public list has the coupons of now, the soonest to expire first, page by page', async () => {
  const [late, early, upcoming, over] = [
    await shop.offer({ expiresAt: inHours(3) }),
    await shop.offer({ expiresAt: inHours(1), quantity: 5 }),
    await shop.offer({ startsAt: inHours(1), expiresAt: inHours(2) }),
    await shop.offer(),
  ];
  // Two that end at the same moment are told apart by their ids.
  const sameEnd = inHours(2);
  const twins = [await shop.offer({ expiresAt: sameEnd }), await shop.offer({ expiresAt: sameEnd })];
  await shop.expire(over);
  await shop.issue(early, 1);

  const all = await shop.queries.current(undefined, 100);
  const listed = all.map(({ couponId }) => couponId);
  expect(listed).not.toContain(upcoming);
  expect(listed).not.toContain(over);
  // Those of the other tests end tomorrow.
  expect(listed.slice(0, 4)).toEqual([early, ...twins, late]);
  expect(all[0]).toMatchObject({ quantity: 5, remainingQuantity: 4, discountRate: 10 });

  const pages = [await shop.queries.current(undefined, 2), await shop.queries.current(all[1], 2)].flat();
  expect(pages).toEqual(all.slice(0, 4));
});

test("a customer's coupons come with their status by the clock, the latest first, filtered and page by page", async () => {
  const userId = 77 as UserId;
  const [available, used, expired, usedAndExpired] = [await shop.offer(), await shop.offer(), await shop.offer(), await shop.offer()];
  for (const couponId of [available, used, expired, usedAndExpired]) await shop.issue(couponId, userId);
  await shop.use({ paymentId: 1, couponId: used, userId });
  await shop.use({ paymentId: 2, couponId: usedAndExpired, userId });
  await shop.expire(expired);
  await shop.expire(usedAndExpired);
  const list = { userId, status: undefined, before: undefined, rowsMax: 100 };

  const all = await shop.queries.ofUser(list);
  expect(all.map(({ couponId, status, orderId }) => [couponId, status, orderId])).toEqual([
    [usedAndExpired, 'USED', 2],
    [expired, 'EXPIRED', null],
    [used, 'USED', 1],
    [available, 'AVAILABLE', null],
  ]);
  expect((await shop.queries.ofUser({ ...list, status: 'USED' })).map(({ couponId }) => couponId)).toEqual([usedAndExpired, used]);
  expect((await shop.queries.ofUser({ ...list, status: 'EXPIRED' })).map(({ couponId }) => couponId)).toEqual([expired]);
  expect((await shop.queries.ofUser({ ...list, status: 'AVAILABLE' })).map(({ couponId }) => couponId)).toEqual([available]);
  expect(await shop.queries.ofUser({ ...list, before: all[1]?.userCouponId })).toEqual(all.slice(2));
  expect(await shop.queries.detail(used)).toMatchObject({ issued: 1, used: 1, remainingQuantity: 0 });
});

test('a coupon that would expire before it starts is not offered', async () => {
  await expect(shop.offer({ expiresAt: inHours(-1) })).rejects.toThrow('not offered');
  await expect(shop.offer({ startsAt: inHours(2), expiresAt: inHours(2) })).rejects.toThrow('not offered');
});
