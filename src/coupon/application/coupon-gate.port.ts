import type { CouponId, UserCouponId } from '../../kernel/ids.js';
import type { Result } from '../../kernel/result.js';
import type { Asker, IssueRefusal } from '../domain/coupon-admission.js';

export interface IssuedCoupon {
  readonly userCouponId: UserCouponId;
  readonly couponId: CouponId;
  readonly name: string;
  /** Percent, 1 to 100. */
  readonly discountRate: number;
  readonly expiresAt: Date;
  /** The customer was the n-th, from 1. */
  readonly admission: number;
  /** After this admission. */
  readonly remainingQuantity: number;
}

/**
 * Where customers queue for coupons: first come, first served.
 *
 * Whatever keeps the gate: never one more than the quantity, never one less while people still ask, one per customer,
 * and admissions numbered without gap in the order of arrival. An issued coupon is in the database when the answer comes.
 */
export abstract class CouponGate {
  /** @throws Overloaded when more customers wait than the queue holds. */
  abstract issue(asker: Asker): Promise<Result<IssuedCoupon, IssueRefusal>>;
}
