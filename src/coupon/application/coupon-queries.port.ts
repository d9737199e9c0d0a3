import type { CouponId, OrderId, UserCouponId, UserId } from '../../kernel/ids.js';

/** A coupon that customers can ask for now. */
export interface CurrentCoupon {
  readonly couponId: CouponId;
  readonly name: string;
  readonly discountRate: number;
  readonly quantity: number;
  readonly remainingQuantity: number;
  readonly startsAt: Date;
  readonly expiresAt: Date;
}

/** The same with what only the operator should know. */
export interface CouponDetail extends CurrentCoupon {
  readonly issued: number;
  /** How many of the issued ones stand used. */
  readonly used: number;
  readonly createdAt: Date;
}

export const USER_COUPON_STATUSES = ['AVAILABLE', 'USED', 'EXPIRED'] as const;
export type UserCouponStatus = (typeof USER_COUPON_STATUSES)[number];

export interface UserCoupon {
  readonly userCouponId: UserCouponId;
  readonly couponId: CouponId;
  readonly name: string;
  readonly discountRate: number;
  /** A used coupon stays USED when its time is over. */
  readonly status: UserCouponStatus;
  readonly admission: number;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
  readonly orderId: OrderId | null;
}

export interface UserCouponList {
  readonly userId: UserId;
  readonly status: UserCouponStatus | undefined;
  readonly before: UserCouponId | undefined;
  readonly rowsMax: number;
}

/** What people read about coupons. */
export abstract class CouponQueries {
  /** Open for asking, sold out or not; the soonest to expire first, ties by id. */
  abstract current(after: Pick<CurrentCoupon, 'expiresAt' | 'couponId'> | undefined, rowsMax: number): Promise<readonly CurrentCoupon[]>;

  abstract detail(couponId: CouponId): Promise<CouponDetail | undefined>;

  /** A customer's coupons, the latest first. */
  abstract ofUser(list: UserCouponList): Promise<readonly UserCoupon[]>;
}
