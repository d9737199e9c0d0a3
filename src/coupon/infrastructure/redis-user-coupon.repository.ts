import { Injectable } from '@nestjs/common';
import { pgTransaction } from '../../database/database.js';
import { Unavailable } from '../../kernel/faults.js';
import type { CouponId, PaymentId, UserId } from '../../kernel/ids.js';
import type { Transaction } from '../../kernel/transaction.js';
import { DELETE_IF_EQUAL } from '../../redis/delete-if-equal.js';
import { luaScript } from '../../redis/lua-script.js';
import { Redis } from '../../redis/redis.js';
import type { HeldCoupon, UseRequest } from '../domain/coupon-use.js';
import { type CancelledUse, PgUserCouponRepository } from './pg-user-coupon.repository.js';

/** As long as a payment may take; a claim that its process could not end is over then. */
const CLAIM_MS = 60_000;

const CLAIM_USE = luaScript(new URL('./claim-use.lua', import.meta.url));

/**
 * Coupons in customers' hands, with claims in Redis before their rows: of several payments with one coupon, one goes to its
 * lock, and the others look whether it is used, without making their whole batch wait for it.
 *
 * Z10: a claim never decides. Who has none still gets the lock if the row does not say that the coupon is used.
 */
@Injectable()
export class RedisUserCouponRepository extends PgUserCouponRepository {
  constructor(private readonly redis: Redis) {
    super();
  }

  override async lock(tx: Transaction, requests: readonly UseRequest[]): Promise<ReadonlyMap<PaymentId, HeldCoupon>> {
    const claimed = await Promise.all(requests.map((request) => this.claim(request)));
    const unclaimed = await this.look(
      tx,
      requests.filter((_, index) => !claimed[index]),
    );
    const used = new Map([...unclaimed].filter(([, coupon]) => coupon.used));
    const locked = await super.lock(
      tx,
      requests.filter(({ paymentId }) => !used.has(paymentId)),
    );
    return new Map([...used, ...locked]);
  }

  override async cancelUses(tx: Transaction, paymentIds: readonly PaymentId[]): Promise<ReadonlySet<PaymentId>> {
    const cancelled = await this.cancel(tx, paymentIds);
    pgTransaction(tx).afterCommit(() => cancelled.forEach((use) => this.release(use)));
    return new Set(cancelled.map(({ paymentId }) => paymentId));
  }

  private async claim({ couponId, userId, paymentId }: UseRequest): Promise<boolean> {
    try {
      return (await this.redis.script(CLAIM_USE, [keyOf(couponId, userId)], [paymentId, CLAIM_MS])) === 1;
    } catch (error) {
      if (error instanceof Unavailable) return true;
      throw error;
    }
  }

  /** One that stays ends by itself, and until then costs a look. */
  private release({ couponId, userId, paymentId }: CancelledUse): void {
    this.redis.script(DELETE_IF_EQUAL, [keyOf(couponId, userId)], [paymentId]).catch(() => {});
  }
}

const keyOf = (couponId: CouponId, userId: UserId): string => `coupon:{${couponId}}:use:${userId}`;
