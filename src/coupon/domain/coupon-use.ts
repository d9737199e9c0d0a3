import type { CouponId, OrderId, PaymentId, UserCouponId, UserId } from '../../kernel/ids.js';
import { type Money, discountOf } from '../../kernel/money.js';
import { type Refusal, type Result, ok, refuse } from '../../kernel/result.js';

/** A payment that wants to use a coupon. */
export interface UseRequest {
  readonly paymentId: PaymentId;
  readonly orderId: OrderId;
  readonly userId: UserId;
  readonly couponId: CouponId;
  /** Of the order, before the discount. */
  readonly totalAmount: Money;
}

/** What the payer holds of the coupon, locked. */
export interface HeldCoupon {
  readonly userCouponId: UserCouponId;
  /** Percent, 1 to 100. */
  readonly discountRate: number;
  /** By the database's clock. */
  readonly expired: boolean;
  readonly used: boolean;
  /** Whether any coupon is used for the order of the request. */
  readonly orderHasCoupon: boolean;
}

export interface CouponUse {
  readonly userCouponId: UserCouponId;
  readonly orderId: OrderId;
  readonly paymentId: PaymentId;
  readonly discountAmount: Money;
}

export type UseRefusal = Refusal<'INVALID_COUPON' | 'EXPIRED_COUPON' | 'ALREADY_USED'>;

/**
 * Decides for a batch of payments, each seeing what the one before has used.
 *
 * U1: a coupon is used by its owner, before it expires, once.
 * U2: an order uses one coupon.
 */
export function useInTurn(requests: readonly UseRequest[], held: ReadonlyMap<PaymentId, HeldCoupon>): Result<CouponUse, UseRefusal>[] {
  const usedCoupons = new Set<UserCouponId>();
  const discountedOrders = new Set<OrderId>();
  return requests.map((request) => {
    const seen = held.get(request.paymentId);
    const decided = use(
      request,
      seen && {
        ...seen,
        used: seen.used || usedCoupons.has(seen.userCouponId),
        orderHasCoupon: seen.orderHasCoupon || discountedOrders.has(request.orderId),
      },
    );
    if (decided.ok) {
      usedCoupons.add(decided.value.userCouponId);
      discountedOrders.add(decided.value.orderId);
    }
    return decided;
  });
}

function use({ paymentId, orderId, couponId, totalAmount }: UseRequest, coupon: HeldCoupon | undefined): Result<CouponUse, UseRefusal> {
  // Whether such a coupon exists is not told apart from whether it is yours.
  if (!coupon) return refuse('INVALID_COUPON', 'you have no such coupon', { couponId });
  if (coupon.used) return refuse('ALREADY_USED', 'this coupon has been used', { couponId });
  if (coupon.expired) return refuse('EXPIRED_COUPON', 'this coupon has expired', { couponId });
  if (coupon.orderHasCoupon) return refuse('ALREADY_USED', 'this order uses a coupon already', { couponId, orderId });
  return ok({ userCouponId: coupon.userCouponId, orderId, paymentId, discountAmount: discountOf(totalAmount, coupon.discountRate) });
}
