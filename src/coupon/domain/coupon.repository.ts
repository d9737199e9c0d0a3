import type { CouponId } from '../../kernel/ids.js';
import type { Transaction } from '../../kernel/transaction.js';

export interface CouponTerms {
  readonly name: string;
  /** Percent, 1 to 100. */
  readonly discountRate: number;
  readonly quantity: number;
  /** At once when absent. */
  readonly startsAt?: Date | undefined;
  readonly expiresAt: Date;
}

export interface Coupon extends CouponTerms {
  readonly couponId: CouponId;
  readonly startsAt: Date;
  readonly createdAt: Date;
}

export abstract class CouponRepository {
  /** @returns undefined when the coupon would expire before it starts; "at once" is the database's now. */
  abstract add(tx: Transaction, terms: CouponTerms): Promise<Coupon | undefined>;
}
