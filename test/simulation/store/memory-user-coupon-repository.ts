import type { PaymentId } from '../../../src/kernel/ids.js';
import type { Transaction } from '../../../src/kernel/transaction.js';
import type { CouponUse, HeldCoupon, UseRequest } from '../../../src/coupon/domain/coupon-use.js';
import { UserCouponRepository } from '../../../src/coupon/domain/user-coupon.repository.js';
import type { MemoryDatabase } from './memory-database.js';
import { memoryTransaction } from './memory-unit-of-work.js';
import type { ShopTables, UserCouponRow } from './shop-tables.js';
import { lockOf, sortedLocks } from './table.js';

/** The statements of `PgUserCouponRepository`, one by one. */
export class MemoryUserCouponRepository extends UserCouponRepository {
  constructor(
    private readonly database: MemoryDatabase,
    protected readonly tables: ShopTables,
  ) {
    super();
  }

  override lock(tx: Transaction, requests: readonly UseRequest[]): Promise<ReadonlyMap<PaymentId, HeldCoupon>> {
    if (requests.length === 0) return Promise.resolve(new Map());
    const memory = memoryTransaction(tx);
    const { userCoupons } = this.tables;
    const wanted = requests.map((request) => ({ ...request, held: memory.all(userCoupons).find((row) => this.belongsTo(row, request)) }));
    const seen = { discounted: new Set<unknown>() };
    return memory.statement(`lock coupons of ${requests.map(({ userId, couponId }) => `user ${userId}: ${couponId}`).join(', ')}`, {
      locks: () => {
        // The statement's snapshot: whether an order has a coupon is read before the locks are waited for.
        seen.discounted = new Set(memory.all(userCoupons).map(({ orderId }) => orderId));
        return sortedLocks(
          userCoupons,
          wanted.flatMap(({ held }) => held?.id ?? []),
        );
      },
      run: () => {
        const held = wanted.flatMap(({ paymentId, orderId, held: { id } = { id: 0 } }): [PaymentId, HeldCoupon][] => {
          const row = memory.get(userCoupons, id);
          return row ? [[paymentId, this.heldCoupon(row, seen.discounted.has(orderId))]] : [];
        });
        return new Map(held);
      },
    });
  }

  override use(tx: Transaction, uses: readonly CouponUse[]): Promise<void> {
    if (uses.length === 0) return Promise.resolve();
    const memory = memoryTransaction(tx);
    const { userCoupons } = this.tables;
    return memory.statement(`use coupons ${uses.map(({ userCouponId, orderId }) => `${userCouponId} for order ${orderId}`).join(', ')}`, {
      locks: () =>
        uses.flatMap(({ userCouponId, orderId }) => [lockOf(userCoupons, userCouponId), lockOf(userCoupons, `one_per_order=${orderId}`)]),
      run: () => {
        for (const { userCouponId, orderId, paymentId } of uses) {
          memory.update(userCoupons, userCouponId, () => ({ state: 'USED' as const, orderId, paymentId, usedAtMs: memory.nowMs }));
        }
      },
    });
  }

  override cancelUses(tx: Transaction, paymentIds: readonly PaymentId[]): Promise<ReadonlySet<PaymentId>> {
    if (paymentIds.length === 0) return Promise.resolve(new Set());
    const memory = memoryTransaction(tx);
    const { userCoupons } = this.tables;
    const used = (): UserCouponRow[] =>
      memory.all(userCoupons).filter(({ paymentId }) => paymentId !== null && paymentIds.includes(paymentId));
    return memory.statement(`cancel uses of payments ${paymentIds.join(', ')}`, {
      locks: () =>
        sortedLocks(
          userCoupons,
          used().map(({ id }) => id),
        ),
      run: () => {
        const cancelled = used();
        for (const { id } of cancelled) {
          memory.update(userCoupons, id, () => ({ state: 'AVAILABLE' as const, orderId: null, paymentId: null, usedAtMs: null }));
        }
        return new Set(cancelled.map(({ paymentId }) => paymentId as PaymentId));
      },
    });
  }

  protected belongsTo({ couponId, userId }: UserCouponRow, request: UseRequest): boolean {
    return couponId === request.couponId && userId === request.userId;
  }

  private heldCoupon({ id, discountRate, expiresAtMs, state }: UserCouponRow, orderHasCoupon: boolean): HeldCoupon {
    const userCouponId = id as HeldCoupon['userCouponId'];
    return { userCouponId, discountRate, expired: expiresAtMs <= this.database.nowMs, used: state === 'USED', orderHasCoupon };
  }
}
