import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { UserParam } from '../../http/auth/caller.js';
import { keysetCursor, pageOf } from '../../http/keyset-cursor.js';
import { Route } from '../../http/route.js';
import { idField, instant, limitParam } from '../../http/schemas.js';
import type { CouponId, OrderId, UserCouponId, UserId } from '../../kernel/ids.js';
import { CouponQueries, USER_COUPON_STATUSES, type UserCoupon } from '../application/coupon-queries.port.js';

const UserCouponAnswer = z
  .object({
    userCouponId: idField<UserCouponId>(),
    couponId: idField<CouponId>(),
    name: z.string(),
    discountRate: z.int().describe('Percent'),
    status: z.enum(USER_COUPON_STATUSES),
    admission: z.int().describe('The customer was the n-th'),
    issuedAt: instant,
    expiresAt: instant,
    usedAt: instant.nullable(),
    orderId: idField<OrderId>().nullable().describe('The order that it was used for'),
  })
  .meta({ id: 'UserCoupon' });

const userCouponCursor = keysetCursor(idField<UserCouponId>());
const UserCouponsQuery = z.object({
  status: z.enum(USER_COUPON_STATUSES).optional(),
  cursor: userCouponCursor.param.optional(),
  limit: limitParam,
});

@ApiTags('coupons')
@Controller('api/users/:id/coupons')
export class UserCouponsController {
  constructor(private readonly coupons: CouponQueries) {}

  @Get()
  @Route({ summary: 'The coupons of a user, the latest first', answer: pageOf(UserCouponAnswer), problems: ['USER_NOT_FOUND'] })
  async list(@UserParam() userId: UserId, @Query({ schema: UserCouponsQuery }) query: z.output<typeof UserCouponsQuery>) {
    const { status, cursor, limit } = query;
    const rows = await this.coupons.ofUser({ userId, status, before: cursor, rowsMax: limit + 1 });
    return userCouponCursor.page(rows, limit, ({ userCouponId }) => userCouponId, userCoupon);
  }
}

const userCoupon = (row: UserCoupon): z.output<typeof UserCouponAnswer> => ({
  ...row,
  issuedAt: row.issuedAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
  usedAt: row.usedAt?.toISOString() ?? null,
});
