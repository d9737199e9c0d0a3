import { Injectable } from '@nestjs/common';
import { BY_INDEX } from '../../database/by-index.js';
import { pgTransaction, sql, type Statement } from '../../database/database.js';
import type { CouponId, PaymentId, UserCouponId, UserId } from '../../kernel/ids.js';
import type { Transaction } from '../../kernel/transaction.js';
import type { CouponUse, HeldCoupon, UseRequest } from '../domain/coupon-use.js';
import { UserCouponRepository } from '../domain/user-coupon.repository.js';

interface HeldRow {
  readonly payment_id: PaymentId;
  readonly id: UserCouponId;
  readonly discount_rate: number;
  readonly expired: boolean;
  readonly used: boolean;
  readonly order_has_coupon: boolean;
}

export interface CancelledUse {
  readonly paymentId: PaymentId;
  readonly couponId: CouponId;
  readonly userId: UserId;
}

@Injectable()
export class PgUserCouponRepository extends UserCouponRepository {
  override lock(tx: Transaction, requests: readonly UseRequest[]): Promise<ReadonlyMap<PaymentId, HeldCoupon>> {
    return this.find(tx, LOCK_USER_COUPONS, requests);
  }

  /** As {@link lock}, without waiting for anybody: what was committed a moment ago. */
  protected look(tx: Transaction, requests: readonly UseRequest[]): Promise<ReadonlyMap<PaymentId, HeldCoupon>> {
    return this.find(tx, LOOK_AT_USER_COUPONS, requests);
  }

  private async find(tx: Transaction, statement: Statement, requests: readonly UseRequest[]): Promise<ReadonlyMap<PaymentId, HeldCoupon>> {
    if (requests.length === 0) return new Map();
    const rows = await pgTransaction(tx).query<HeldRow>(statement, [
      requests.map(({ paymentId }) => paymentId),
      requests.map(({ orderId }) => orderId),
      requests.map(({ couponId }) => couponId),
      requests.map(({ userId }) => userId),
    ]);
    return new Map(rows.map((row) => [row.payment_id, heldCoupon(row)]));
  }

  override async use(tx: Transaction, uses: readonly CouponUse[]): Promise<void> {
    if (uses.length === 0) return;
    await pgTransaction(tx).query(USE_COUPONS, [
      uses.map(({ userCouponId }) => userCouponId),
      uses.map(({ orderId }) => orderId),
      uses.map(({ paymentId }) => paymentId),
    ]);
  }

  override async cancelUses(tx: Transaction, paymentIds: readonly PaymentId[]): Promise<ReadonlySet<PaymentId>> {
    const cancelled = await this.cancel(tx, paymentIds);
    return new Set(cancelled.map(({ paymentId }) => paymentId));
  }

  protected async cancel(tx: Transaction, paymentIds: readonly PaymentId[]): Promise<readonly CancelledUse[]> {
    return paymentIds.length === 0 ? [] : pgTransaction(tx).query<CancelledUse>(CANCEL_USES, [paymentIds]);
  }
}

const heldCoupon = ({ id, discount_rate, expired, used, order_has_coupon }: HeldRow): HeldCoupon => ({
  userCouponId: id,
  discountRate: discount_rate,
  expired,
  used,
  orderHasCoupon: order_has_coupon,
});

// Two payments of one order never run at a time, so `order_has_coupon` may come from before the lock; were they ever to,
// the unique index turns the second away.
const FIND_USER_COUPONS = `
   SELECT wanted.payment_id, held.id, coupon.discount_rate,
          coupon.expires_at <= clock_timestamp() AS expired,
          held.state = 'USED' AS used,
          EXISTS (SELECT FROM shop_coupon.user_coupon other WHERE other.order_id = wanted.order_id) AS order_has_coupon
   FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS wanted (payment_id, order_id, coupon_id, user_id)
   JOIN shop_coupon.user_coupon held ON held.coupon_id = wanted.coupon_id AND held.user_id = wanted.user_id
   JOIN shop_coupon.coupon ON coupon.id = held.coupon_id
   ORDER BY held.id`;

const LOCK_USER_COUPONS = sql('coupon.lock-user-coupons', `${FIND_USER_COUPONS} FOR UPDATE OF held`);
const LOOK_AT_USER_COUPONS = sql('coupon.look-at-user-coupons', FIND_USER_COUPONS);

const USE_COUPONS = sql(
  'coupon.use-coupons',
  `UPDATE shop_coupon.user_coupon SET state = 'USED', order_id = used.order_id, payment_id = used.payment_id, used_at = now()
   FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS used (id, order_id, payment_id, nth)
   WHERE user_coupon.id = used.id AND ${BY_INDEX}`,
);

// `payment_id` is cleared by the statement that finds it by, so RETURNING has to look at the locked row.
const CANCEL_USES = sql(
  'coupon.cancel-uses',
  `WITH used AS (
     SELECT id, payment_id FROM unnest($1::bigint[]) WITH ORDINALITY AS undone (payment_id, nth) JOIN shop_coupon.user_coupon held USING (payment_id)
     WHERE ${BY_INDEX} ORDER BY id FOR UPDATE OF held
   )
   UPDATE shop_coupon.user_coupon SET state = 'AVAILABLE', order_id = NULL, payment_id = NULL, used_at = NULL
   FROM used WHERE user_coupon.id = used.id
   RETURNING used.payment_id AS "paymentId", coupon_id AS "couponId", user_id AS "userId"`,
);
