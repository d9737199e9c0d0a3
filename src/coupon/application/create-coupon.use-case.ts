import { Injectable } from '@nestjs/common';
import { type Refusal, type Result, ok, refuse } from '../../kernel/result.js';
import { UnitOfWork } from '../../kernel/transaction.js';
import { type Coupon, CouponRepository, type CouponTerms } from '../domain/coupon.repository.js';

/** Puts a coupon on offer. */
@Injectable()
export class CreateCouponUseCase {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly coupons: CouponRepository,
  ) {}

  async execute(terms: CouponTerms): Promise<Result<Coupon, Refusal<'EXPIRES_BEFORE_START'>>> {
    const coupon = await this.unitOfWork.run((tx) => this.coupons.add(tx, terms));
    return coupon ? ok(coupon) : refuse('EXPIRES_BEFORE_START', 'a coupon starts before it expires');
  }
}
