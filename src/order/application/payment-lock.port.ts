import type { OrderId } from '../../kernel/ids.js';

export const PAYMENT_LOCK_TTL_MS = 10_000;

/**
 * The lock `payment:order:{orderId}`, held while an order is being paid. It only sheds contention, so that a second
 * payment of the same order is turned away early; the order's own state transition is what makes paying correct.
 */
export abstract class PaymentLock {
  /** @returns how to release it, or null when somebody else holds it. It ends by itself after {@link PAYMENT_LOCK_TTL_MS}. */
  abstract tryAcquire(orderId: OrderId): Promise<(() => Promise<void>) | null>;
}
