import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { OperatorOnly } from '../../http/auth/caller.js';
import { Idempotent } from '../../http/idempotency/idempotent.js';
import { ProblemError, validationFailed } from '../../http/problem.js';
import { Route } from '../../http/route.js';
import { idParam, instantField, quantityField, textField } from '../../http/schemas.js';
import type { CouponId } from '../../kernel/ids.js';
import { CouponQueries } from '../application/coupon-queries.port.js';
import { CreateCouponUseCase } from '../application/create-coupon.use-case.js';
import { couponDetail, CouponDetailAnswer } from './coupon-answers.js';

const NAME_CHARACTERS_MAX = 200;

const NewCoupon = z
  .object({
    name: textField({ max: NAME_CHARACTERS_MAX }),
    discountRate: z.int().min(1).max(100).describe('Percent'),
    quantity: quantityField,
    startsAt: instantField.optional().describe('At once when absent'),
    expiresAt: instantField,
  })
  .meta({ id: 'NewCoupon' });

@ApiTags('operator')
@OperatorOnly()
@Controller('api/admin/coupons')
export class AdminCouponsController {
  constructor(
    private readonly createCoupon: CreateCouponUseCase,
    private readonly coupons: CouponQueries,
  ) {}

  @Post()
  @Idempotent()
  @Route({ summary: 'Offer a coupon', answer: CouponDetailAnswer, status: 201 })
  async create(@Body({ schema: NewCoupon }) body: z.output<typeof NewCoupon>) {
    const created = await this.createCoupon.execute(body);
    if (!created.ok) throw validationFailed([{ path: 'expiresAt', message: 'send a time after startsAt, which is now by default' }]);
    return couponDetail({ ...created.value, issued: 0, used: 0, remainingQuantity: created.value.quantity });
  }

  @Get(':id')
  @Route({ summary: 'A coupon with its counts', answer: CouponDetailAnswer, problems: ['COUPON_NOT_FOUND'] })
  async one(@Param('id', { schema: idParam<CouponId>() }) couponId: CouponId) {
    const coupon = await this.coupons.detail(couponId);
    if (!coupon) throw new ProblemError({ code: 'COUPON_NOT_FOUND', message: `there is no coupon ${couponId}` });
    return couponDetail(coupon);
  }
}
