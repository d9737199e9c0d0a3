import { z } from 'zod';
import { idField, instant } from '../../http/schemas.js';
import type { CouponId } from '../../kernel/ids.js';
import type { CouponDetail, CurrentCoupon } from '../application/coupon-queries.port.js';

export const CurrentCouponAnswer = z
  .object({
    couponId: idField<CouponId>(),
    name: z.string(),
    discountRate: z.int().describe('Percent'),
    quantity: z.int(),
    remainingQuantity: z.int().nonnegative(),
    startsAt: instant,
    expiresAt: instant,
  })
  .meta({ id: 'Coupon' });

export const CouponDetailAnswer = CurrentCouponAnswer.extend({
  issued: z.int().nonnegative(),
  used: z.int().nonnegative().describe('How many of the issued ones stand used'),
  createdAt: instant,
}).meta({ id: 'CouponDetail' });

export const currentCoupon = (coupon: CurrentCoupon): z.output<typeof CurrentCouponAnswer> => ({
  ...coupon,
  startsAt: coupon.startsAt.toISOString(),
  expiresAt: coupon.expiresAt.toISOString(),
});

export const couponDetail = (coupon: CouponDetail): z.output<typeof CouponDetailAnswer> => ({
  ...coupon,
  ...currentCoupon(coupon),
  createdAt: coupon.createdAt.toISOString(),
});
