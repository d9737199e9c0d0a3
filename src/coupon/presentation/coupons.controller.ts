import { Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { type Caller, CurrentUser, Public } from '../../http/auth/caller.js';
import { Idempotent } from '../../http/idempotency/idempotent.js';
import { keysetCursor, pageOf } from '../../http/keyset-cursor.js';
import { orProblem } from '../../http/problem.js';
import { declareProblems } from '../../http/problem-codes.js';
import { Route } from '../../http/route.js';
import { idField, idParam, instant, limitParam } from '../../http/schemas.js';
import type { CouponId, UserCouponId } from '../../kernel/ids.js';
import { CouponGate } from '../application/coupon-gate.port.js';
import { CouponQueries } from '../application/coupon-queries.port.js';
import { currentCoupon, CurrentCouponAnswer } from './coupon-answers.js';

declareProblems({ COUPON_NOT_STARTED: 422 });

const IssuedCouponAnswer = z
  .object({
    userCouponId: idField<UserCouponId>(),
    couponId: idField<CouponId>(),
    name: z.string(),
    discountRate: z.int().describe('Percent'),
    expiresAt: instant,
    admission: z.int().describe('You were the n-th'),
    remainingQuantity: z.int().nonnegative(),
  })
  .meta({ id: 'IssuedCoupon' });

const couponCursor = keysetCursor(z.tuple([z.iso.datetime(), z.int()]));
const CurrentCouponsQuery = z.object({ cursor: couponCursor.param.optional(), limit: limitParam });

@ApiTags('coupons')
@Controller('api/coupons')
export class CouponsController {
  constructor(
    private readonly gate: CouponGate,
    private readonly coupons: CouponQueries,
  ) {}

  @Get()
  @Public()
  @Route({ summary: 'The coupons of today, the soonest to expire first', answer: pageOf(CurrentCouponAnswer) })
  async current(@Query({ schema: CurrentCouponsQuery }) { cursor, limit }: z.output<typeof CurrentCouponsQuery>) {
    const after = cursor && { expiresAt: new Date(cursor[0]), couponId: cursor[1] as CouponId };
    const rows = await this.coupons.current(after, limit + 1);
    return couponCursor.page(rows, limit, (row) => [row.expiresAt.toISOString(), row.couponId], currentCoupon);
  }

  @Post(':id/issue')
  @Idempotent()
  @Route({
    summary: 'Get a coupon: first come, first served, one per customer',
    answer: IssuedCouponAnswer,
    status: 201,
    problems: ['COUPON_NOT_FOUND', 'ALREADY_ISSUED', 'COUPON_NOT_STARTED', 'EXPIRED_COUPON', 'COUPON_SOLD_OUT'],
  })
  async issue(@CurrentUser() { userId }: Caller, @Param('id', { schema: idParam<CouponId>() }) couponId: CouponId) {
    const issued = orProblem(await this.gate.issue({ couponId, userId }));
    return { ...issued, expiresAt: issued.expiresAt.toISOString() };
  }
}
