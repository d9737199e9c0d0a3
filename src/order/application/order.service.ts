import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { Unavailable } from '../../kernel/faults.js';
import type { OrderId, PaymentId, UserId } from '../../kernel/ids.js';
import { toJson } from '../../kernel/money.js';
import { type Refusal, type Result, ok } from '../../kernel/result.js';
import { UnitOfWork } from '../../kernel/transaction.js';
import { EventBus } from '../../messaging/event-bus.js';
import { MicroBatcher } from '../../messaging/micro-batcher.js';
import { type LockedOrder, type PaymentRequest, type PlacedOrder, decidePayment } from '../domain/order.js';
import {
  type FinishedPayment,
  type InsertedOrder,
  OrderRepository,
  type PaidOrder,
  type StepsOfPayment,
} from '../domain/order.repository.js';
import type { PaymentAttempt } from '../domain/payment-attempt.js';
import { OrderPaymentFail } from './events/order-payment-fail.event.js';
import { OrderProcessed } from './events/order-processed.event.js';
import { OrderChanges } from './order-changes.js';

const LOOK_AGAIN_MS = 250;

/**
 * The order domain's own transactions. Concurrent requests share them; each gets its own verdict.
 *
 * O1: an order moves to PAYMENT_PROCESSING once, with one attempt, under its row lock.
 * O2: PAID and `order.processed` are one transaction, and only a RUNNING attempt gets there.
 * O3: an attempt that was given up cannot be finished, and a finished one cannot be given up.
 */
@Injectable()
export class OrderService {
  private readonly numbering = new MicroBatcher({ name: 'order.number', run: (batch: readonly OrderRequest[]) => this.numberAll(batch) });
  private readonly placing = new MicroBatcher({
    name: 'order.place',
    run: (batch: readonly PlacedOrder[]) => this.insertAll(batch),
  });
  private readonly beginning = new MicroBatcher({
    name: 'order.begin-payment',
    run: (batch: readonly PaymentRequest[]) => this.beginAll(batch),
  });
  private readonly finishing = new MicroBatcher({
    name: 'order.finish-payment',
    run: (batch: readonly FinishedPayment[]) => this.finishAll(batch),
  });
  private readonly recording = new MicroBatcher({
    name: 'order.append-steps',
    run: async (batch: readonly StepsOfPayment[]) => {
      await this.orders.appendSteps(batch);
      return batch.map(() => undefined);
    },
  });
  private readonly looking = new MicroBatcher({
    name: 'order.payment-progress',
    run: async (paymentIds: readonly PaymentId[]) => {
      const progress = await this.orders.progressOf([...new Set(paymentIds)]);
      return paymentIds.map((id) => progress.get(id));
    },
  });

  constructor(
    private readonly orders: OrderRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly bus: EventBus,
    private readonly changes: OrderChanges,
    private readonly clock: Clock,
  ) {}

  /** A new order id; with an idempotency key the same one at every repetition, so that the order's hold is found again. */
  orderIdFor(userId: UserId, idempotencyKey: string | null): Promise<OrderId> {
    return this.numbering.submit({ userId, idempotencyKey });
  }

  /** @throws Unavailable when another process is writing the same order: a repetition finds it. */
  async place(order: PlacedOrder): Promise<InsertedOrder> {
    const inserted = await this.placing.submit(order);
    // Thrown here and not in the batch, whose other orders are written.
    if (!inserted) throw new Unavailable(`order ${order.id} is being written by another request`);
    return inserted;
  }

  /** Refuses with ORDER_NOT_FOUND, ALREADY_PAID, ORDER_EXPIRED, ORDER_CANCELLED or PAYMENT_IN_PROGRESS. */
  beginPayment(request: PaymentRequest): Promise<Result<PaymentAttempt>> {
    return this.beginning.submit(request);
  }

  /** Makes the order PAID. Null when the attempt has been given up meanwhile and is being rolled back. A repetition answers the same. */
  async finishPayment(payment: FinishedPayment): Promise<PaidOrder | null> {
    return (await this.finishing.submit(payment)) ?? this.orders.paidOrder(payment.attempt.id);
  }

  /** Waits until everybody has undone their part and the order is PENDING again. Null when that takes longer than `waitMsMax`. */
  async rolledBack(attempt: PaymentAttempt, steps: readonly unknown[], waitMsMax: number): Promise<Refusal | null> {
    await this.recording.submit({ paymentId: attempt.id, steps });
    const giveUpAtMs = this.clock.now().getTime() + waitMsMax;
    for (;;) {
      const change = this.changes.next(attempt.orderId, LOOK_AGAIN_MS);
      // oxlint-disable-next-line no-await-in-loop -- looks again after each change
      const progress = await this.looking.submit(attempt.id);
      if (progress?.state === 'REFUSED') return progress.refusal;
      if (this.clock.now().getTime() >= giveUpAtMs) return null;
      // oxlint-disable-next-line no-await-in-loop -- a pause between looks
      await change;
    }
  }

  /** Gives up on a payment that somebody did not answer in time: everybody, the user domain too, undoes its part. */
  async giveUp(attempt: PaymentAttempt): Promise<void> {
    await this.unitOfWork.run(async (tx) => {
      const [rollback] = await this.orders.lockRollbacks(tx, [{ paymentId: attempt.id, orderId: attempt.orderId }]);
      if (rollback?.state !== 'RUNNING') return;
      await this.orders.saveRollbacks(tx, [{ ...rollback, state: 'ROLLING_BACK' }]);
      const refusal = {
        refusedBy: 'order.deadline',
        code: 'PAYMENT_TIMEOUT',
        message: 'the payment was not answered in time and has been rolled back',
      };
      await this.bus.emit(tx, OrderPaymentFail.of({ paymentId: attempt.id, orderId: attempt.orderId, userId: attempt.userId, ...refusal }));
    }, 'order.give-up-payment');
  }

  private async numberAll(requests: readonly OrderRequest[]): Promise<readonly OrderId[]> {
    const proposed = await this.orders.nextOrderIds(requests.length);
    const keyed = requests.flatMap(({ userId, idempotencyKey }, index) =>
      idempotencyKey === null ? [] : [{ userId, idempotencyKey, proposed: proposed[index] as OrderId }],
    );
    if (keyed.length === 0) return proposed;
    const known = (await this.orders.orderIdsOf(keyed)).values();
    return requests.map(({ idempotencyKey }, index) => (idempotencyKey === null ? proposed[index] : known.next().value) as OrderId);
  }

  private async insertAll(placed: readonly PlacedOrder[]): Promise<readonly (InsertedOrder | undefined)[]> {
    const { inserting } = await this.unitOfWork.run(
      (tx) => Promise.resolve({ inserting: this.orders.insert(tx, onePerOrder(placed)) }),
      'order.place',
    );
    const inserted = new Map((await inserting).map((each) => [each.id, each]));
    return placed.map(({ id }) => inserted.get(id));
  }

  private async beginAll(requests: readonly PaymentRequest[]): Promise<readonly Result<PaymentAttempt>[]> {
    const { verdicts, beginning } = await this.unitOfWork.run(async (tx) => {
      const locked = new Map(await this.orders.lock(tx, [...new Set(requests.map(({ orderId }) => orderId))]));
      const decisions = requests.map((request) => {
        const decision = decidePayment(locked.get(request.orderId), request);
        // The second payment of one order in one batch finds what the first has left.
        if (decision.ok) locked.set(request.orderId, processing(decision.value));
        return decision;
      });
      const accepted = requests.filter((_, index) => decisions[index]?.ok);
      tx.afterCommit(() => accepted.forEach(({ orderId }) => this.changes.notify(orderId)));
      return { verdicts: decisions, beginning: accepted.length > 0 ? this.orders.beginPayments(tx, accepted) : [] };
    }, 'order.begin-payment');
    const attempts = new Map((await beginning).map((attempt) => [attempt.orderId, attempt]));
    return verdicts.map((verdict, index) =>
      verdict.ok ? ok(attempts.get((requests[index] as PaymentRequest).orderId) as PaymentAttempt) : verdict,
    );
  }

  private finishAll(payments: readonly FinishedPayment[]): Promise<readonly (PaidOrder | null)[]> {
    return this.unitOfWork.run(async (tx) => {
      const paid = new Map((await this.orders.finishPayments(tx, payments)).map((order) => [order.paymentId, order]));
      // One event per order, not per request: two that carry out the same attempt may meet in one batch.
      const attempts = new Map(payments.map(({ attempt }) => [attempt.id, attempt]));
      await this.bus.emit(tx, ...[...paid.values()].map((order) => processedEvent(attempts.get(order.paymentId) as PaymentAttempt, order)));
      tx.afterCommit(() => payments.forEach(({ attempt }) => this.changes.notify(attempt.orderId)));
      return payments.map(({ attempt }) => paid.get(attempt.id) ?? null);
    }, 'order.finish-payment');
  }
}

interface OrderRequest {
  readonly userId: UserId;
  readonly idempotencyKey: string | null;
}

/** Of repetitions in one batch the first is written, as it would be if they came one after the other. */
const onePerOrder = (placed: readonly PlacedOrder[]): PlacedOrder[] => [
  ...new Map(placed.toReversed().map((order) => [order.id, order])).values(),
];

const processing = (order: LockedOrder): LockedOrder => ({ ...order, status: 'PAYMENT_PROCESSING' });

function processedEvent(attempt: PaymentAttempt, order: PaidOrder) {
  return OrderProcessed.of({
    orderId: order.orderId,
    paymentId: order.paymentId,
    userId: attempt.userId,
    items: order.lines.map((line) => ({ ...line, price: toJson(line.price), subtotal: toJson(line.subtotal) })),
    totalAmount: toJson(order.totalAmount),
    discountAmount: toJson(order.discountAmount),
    finalAmount: toJson(order.finalAmount),
    currency: order.currency,
    couponId: order.couponId,
    paidAt: order.paidAt.toISOString(),
  });
}
