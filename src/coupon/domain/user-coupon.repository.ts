import type { PaymentId } from '../../kernel/ids.js';
import type { Transaction } from '../../kernel/transaction.js';
import type { CouponUse, HeldCoupon, UseRequest } from './coupon-use.js';

/** The coupons that customers hold. */
export abstract class UserCouponRepository {
  /** What each payer holds of the coupon of the payment, locked until the transaction ends; absent when nothing. */
  abstract lock(tx: Transaction, requests: readonly UseRequest[]): Promise<ReadonlyMap<PaymentId, HeldCoupon>>;

  /** Marks locked coupons as used. */
  abstract use(tx: Transaction, uses: readonly CouponUse[]): Promise<void>;

  /** Makes what these payments used available again. @returns those payments that had used a coupon. */
  abstract cancelUses(tx: Transaction, paymentIds: readonly PaymentId[]): Promise<ReadonlySet<PaymentId>>;
}
