import type { CouponId, OrderId, PaymentId, UserId } from '../../kernel/ids.js';
import type { Money } from '../../kernel/money.js';
import type { Refusal } from '../../kernel/result.js';

/**
 * RUNNING → PAID, or RUNNING → ROLLING_BACK → REFUSED. The order is in PAYMENT_PROCESSING exactly as long as an
 * attempt is RUNNING or ROLLING_BACK.
 */
export type PaymentState = 'RUNNING' | 'ROLLING_BACK' | 'REFUSED' | 'PAID';

/** What a payment needs to be carried out, the first time and at every resumption. */
export interface PaymentAttempt {
  readonly id: PaymentId;
  readonly orderId: OrderId;
  readonly userId: UserId;
  readonly couponId: CouponId | null;
  readonly totalAmount: Money;
}

/** An attempt's way back. */
export interface Rollback {
  readonly paymentId: PaymentId;
  readonly orderId: OrderId;
  readonly state: PaymentState;
  /** The first refusal that arrived: the one the client is told. */
  readonly refusal: Refusal | null;
  /** Compensations that must report, as `<fail event>:<domain>`. */
  readonly awaited: readonly string[];
  /** Compensations that have reported; one may do so before the order hears of the refusal itself. */
  readonly reported: readonly string[];
}

/** A fail event has arrived: these compensations are awaited now. */
export function failed(rollback: Rollback, refusal: Refusal, compensations: readonly string[]): Rollback {
  if (rollback.state === 'PAID') throw new Error(`payment ${rollback.paymentId} is paid and cannot fail: ${refusal.code}`);
  const awaited = [...new Set([...rollback.awaited, ...compensations])];
  return settled({ ...rollback, refusal: rollback.refusal ?? refusal, awaited });
}

/** One domain has undone its part. */
export function compensated(rollback: Rollback, compensation: string): Rollback {
  return settled({ ...rollback, reported: [...new Set([...rollback.reported, compensation])] });
}

/** REFUSED, and the order PENDING again, only when every awaited compensation has reported: nothing is half undone. */
function settled(rollback: Rollback): Rollback {
  if (rollback.state === 'REFUSED' || rollback.awaited.length === 0) return rollback;
  const reported = new Set(rollback.reported);
  return { ...rollback, state: rollback.awaited.every((each) => reported.has(each)) ? 'REFUSED' : 'ROLLING_BACK' };
}
