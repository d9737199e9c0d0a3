import type { OrderId } from '../../src/kernel/ids.js';
import type { Result } from '../../src/kernel/result.js';
import type { CreateOrder } from '../../src/order/application/create-order.use-case.js';
import type { PayOrder, PaymentOutcome } from '../../src/order/application/process-payment.use-case.js';
import type { PlacedOrder } from '../../src/order/domain/order.js';
import type { ManualPosting, Verdict } from '../../src/user/domain/ledger.js';
import { traceOf } from './checks/payment-traces.js';
import type { FaultKind } from './faults.js';
import type { World } from './world.js';

/** Refusals for which a payment is not even begun. */
const NOT_BEGUN = new Set(['ORDER_NOT_FOUND', 'ALREADY_PAID', 'ORDER_EXPIRED', 'ORDER_CANCELLED', 'PAYMENT_IN_PROGRESS']);

/** Faults that cost a poll or two, and no client more than the wait that it was promised. */
const DELAYS_LITTLE: ReadonlySet<FaultKind> = new Set([
  'lost hints',
  'duplicate request',
  'duplicate event',
  'request twice in a batch',
  'requests out of order',
  'events out of order',
]);

/** What the clients were told must be true at that moment; and what was promised for good must be true at the end. */
export class AnswerChecks {
  private readonly placedFor = new Map<string, OrderId>();
  private readonly paidFor = new Map<OrderId, { readonly paymentId: number; readonly amount: bigint }>();
  private readonly cancelledFor = new Set<OrderId>();
  private readonly toppedUpMax = new Map<string, number>();
  private readonly toppedUpFor = new Map<string, number>();

  constructor(private readonly world: World) {}

  placed(result: Result<PlacedOrder>, { userId, idempotencyKey }: CreateOrder): void {
    if (!result.ok) return;
    const { id, totalAmount } = result.value;
    const order = this.world.tables.orders.rows.get(id);
    const key = idempotencyKey ? `${userId} ${idempotencyKey}` : `order ${id}`;
    const before = this.placedFor.get(key);
    if (before !== undefined && before !== id) {
      this.violation(`the request ${key} was answered with order ${before}, and repeated with order ${id}`);
    }
    this.placedFor.set(key, id);
    if (order?.userId !== userId || order.totalAmount !== totalAmount) {
      this.violation(`order ${id} was answered as placed, and is not there as answered`);
    }
    for (const { productOptionId, quantity } of result.value.lines) {
      const held = [...this.world.tables.holds.rows.values()].find((hold) => hold.orderId === id && hold.optionId === productOptionId);
      if (held?.quantity !== quantity) {
        this.violation(`order ${id} was answered as placed, and ${quantity} of option ${productOptionId} were not held for it`);
      }
    }
  }

  paid(result: Result<PaymentOutcome>, { orderId, userId, respondAsync }: PayOrder): void {
    if (!result.ok) return this.refused(result.refusal.code, orderId, userId);
    if (result.value.status !== 'PAID') {
      const mayBe = respondAsync === true || this.world.history.faults.some(({ kind }) => !DELAYS_LITTLE.has(kind));
      if (!mayBe) this.violation(`a payment of order ${orderId} was left undecided, and nothing serious had gone wrong`);
      return;
    }
    const { paymentId, finalAmount } = result.value.order;
    this.paidFor.set(orderId, { paymentId, amount: finalAmount });
    this.stillPaid(orderId);
  }

  cancelled(result: Result<unknown>, orderId: OrderId): void {
    if (!result.ok) return;
    this.cancelledFor.add(orderId);
    this.stillCancelled(orderId);
  }

  /** Without a key each request may be carried out once. */
  asksForTopUp(posting: ManualPosting): void {
    const key = topUpKey(posting);
    this.toppedUpMax.set(key, posting.idempotencyKey === null ? (this.toppedUpMax.get(key) ?? 0) + 1 : 1);
  }

  toppedUp(verdict: Verdict, posting: ManualPosting): void {
    if (!verdict.ok) return;
    const { idempotencyKey } = posting;
    const key = topUpKey(posting);
    this.toppedUpFor.set(key, idempotencyKey === null ? (this.toppedUpFor.get(key) ?? 0) + 1 : 1);
  }

  /** A promise is for ever. */
  atTheEnd(): void {
    for (const orderId of this.paidFor.keys()) this.stillPaid(orderId);
    for (const orderId of this.cancelledFor) this.stillCancelled(orderId);
    const made = [...this.world.tables.entries.rows.values()].filter(({ code, note }) => code === 'CHARGE' && note === null);
    for (const [key, most] of this.toppedUpMax) {
      const times = made.filter((entry) => topUpKey(entry) === key).length;
      const least = this.toppedUpFor.get(key) ?? 0;
      if (times < least || times > most) {
        this.violation(`the top-up "${key}" was made ${times} time(s): it was answered ${least} and asked for ${most} time(s)`);
      }
    }
  }

  /** A refusal leaves nothing behind, from the moment it is told. */
  private refused(code: string, orderId: OrderId, userId: number): void {
    const order = this.world.tables.orders.rows.get(orderId);
    const attempts = [...this.world.tables.attempts.rows.values()].filter((attempt) => attempt.orderId === orderId);
    if (code === 'ALREADY_PAID' && order?.status !== 'PAID') {
      this.violation(`order ${orderId} was answered as paid, and is ${order?.status}`);
    }
    if (code === 'ORDER_NOT_FOUND' && order?.userId === userId) {
      this.violation(`order ${orderId} of user ${userId} was answered as not there`);
    }
    if (NOT_BEGUN.has(code)) return;
    const refused = attempts.filter(({ state }) => state === 'REFUSED');
    if (!refused.some(({ refusal }) => refusal?.code === code)) {
      this.violation(`a payment of order ${orderId} was refused with ${code}, and no payment of it is on record as such`);
    }
    for (const { paymentId } of refused) {
      const trace = traceOf(this.world.tables, paymentId);
      if (trace) this.violation(`a payment of order ${orderId} was refused with ${code} when payment ${paymentId} still ${trace}`);
    }
  }

  private stillPaid(orderId: OrderId): void {
    const promised = this.paidFor.get(orderId);
    const order = this.world.tables.orders.rows.get(orderId);
    if (order?.status !== 'PAID' || order.paymentId !== promised?.paymentId || order.finalAmount !== promised.amount) {
      this.violation(
        `order ${orderId} was answered as PAID with ${promised?.amount} by payment ${promised?.paymentId}, and is ${order?.status} with ${order?.finalAmount} by payment ${order?.paymentId}`,
      );
    }
  }

  private stillCancelled(orderId: OrderId): void {
    const status = this.world.tables.orders.rows.get(orderId)?.status;
    if (status !== 'CANCELLED') this.violation(`order ${orderId} was answered as cancelled, and is ${status}`);
  }

  private violation(sentence: string): void {
    this.world.violations.push(sentence);
  }
}

const topUpKey = ({ userId, amount, idempotencyKey }: Pick<ManualPosting, 'userId' | 'amount' | 'idempotencyKey'>): string =>
  `${userId} ${amount} ${idempotencyKey}`;
