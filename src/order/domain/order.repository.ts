import type { CouponId, OrderId, PaymentId, UserId } from '../../kernel/ids.js';
import type { Money } from '../../kernel/money.js';
import type { Refusal } from '../../kernel/result.js';
import type { Transaction } from '../../kernel/transaction.js';
import type { LockedOrder, OrderLine, OrderStatus, PaymentRequest, PlacedOrder } from './order.js';
import type { PaymentAttempt, PaymentState, Rollback } from './payment-attempt.js';

export interface InsertedOrder {
  readonly id: OrderId;
  readonly createdAt: Date;
  readonly currency: string;
}

export interface KeyedOrderRequest {
  readonly userId: UserId;
  readonly idempotencyKey: string;
  readonly proposed: OrderId;
}

/** A payment to be finished: the answers of the listeners, and the steps for the record. */
export interface FinishedPayment {
  readonly attempt: PaymentAttempt;
  readonly discountAmount: Money;
  readonly finalAmount: Money;
  readonly remainingBalance: Money;
  /** JSON-ready. */
  readonly steps: readonly unknown[];
}

export interface PaidOrder {
  readonly orderId: OrderId;
  readonly paymentId: PaymentId;
  readonly couponId: CouponId | null;
  readonly totalAmount: Money;
  readonly discountAmount: Money;
  readonly finalAmount: Money;
  readonly remainingBalance: Money;
  readonly currency: string;
  readonly paidAt: Date;
  readonly lines: readonly OrderLine[];
}

/** Steps that are added to the record of a payment. */
export interface StepsOfPayment {
  readonly paymentId: PaymentId;
  /** JSON-ready. */
  readonly steps: readonly unknown[];
}

/** Where a payment stands. */
export interface PaymentProgress {
  readonly state: PaymentState;
  readonly refusal: Refusal | null;
}

/**
 * The orders and their payment attempts. Every method takes a batch and runs a fixed number of statements.
 * All that lock do so orders first, in id order, then attempts: no two batches wait for each other in a circle.
 */
export abstract class OrderRepository {
  abstract nextOrderIds(count: number): Promise<readonly OrderId[]>;
  /** The order ids that customers' idempotency keys stand for: `proposed` the first time, the same one ever after. In order. */
  abstract orderIdsOf(requests: readonly KeyedOrderRequest[]): Promise<readonly OrderId[]>;
  /**
   * An order that is there already stays as it is: a repetition gets what was inserted first. The answer decides nothing in the
   * transaction and may be awaited when it has ended: then COMMIT need not wait for it. Its failure is the transaction's.
   */
  abstract insert(tx: Transaction, orders: readonly PlacedOrder[]): Promise<readonly InsertedOrder[]>;
  abstract lock(tx: Transaction, orderIds: readonly OrderId[]): Promise<ReadonlyMap<OrderId, LockedOrder>>;
  abstract setStatus(tx: Transaction, orderIds: readonly OrderId[], status: Extract<OrderStatus, 'CANCELLED'>): Promise<void>;
  /** Locks and expires up to `rowsMax` pending orders past their deadline; those that somebody works on are left for later. */
  abstract expire(tx: Transaction, rowsMax: number): Promise<readonly Pick<LockedOrder, 'id' | 'userId'>[]>;

  /** Moves the locked orders to PAYMENT_PROCESSING, each with a new attempt and its lease. May be awaited when the transaction has ended, too. */
  abstract beginPayments(tx: Transaction, requests: readonly PaymentRequest[]): Promise<readonly PaymentAttempt[]>;
  /** Makes the orders PAID whose attempts are still RUNNING, under lock; the others are absent from the answer. */
  abstract finishPayments(tx: Transaction, payments: readonly FinishedPayment[]): Promise<readonly PaidOrder[]>;
  /** What a finished payment answered, for a repetition of its last step. */
  abstract paidOrder(paymentId: PaymentId): Promise<PaidOrder | null>;

  abstract lockRollbacks(
    tx: Transaction,
    payments: readonly { readonly paymentId: PaymentId; readonly orderId: OrderId }[],
  ): Promise<readonly Rollback[]>;
  /** Saves how far the rollbacks are; orders whose rollback is REFUSED now are PENDING again. */
  abstract saveRollbacks(tx: Transaction, rollbacks: readonly Rollback[]): Promise<void>;
  abstract appendSteps(records: readonly StepsOfPayment[]): Promise<void>;
  abstract progressOf(paymentIds: readonly PaymentId[]): Promise<ReadonlyMap<PaymentId, PaymentProgress>>;

  /** Ends every lease: for the only process there is, at its start. */
  abstract endLeases(): Promise<void>;
  /** Takes over up to `rowsMax` running attempts whose lease ran out, with a new lease; `overdue` ones are past their deadline. */
  abstract takeOver(rowsMax: number): Promise<readonly (PaymentAttempt & { readonly overdue: boolean })[]>;
}
