import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import type { OrderId, UserId } from '../../kernel/ids.js';
import { type Result, ok } from '../../kernel/result.js';
import { type Transaction, UnitOfWork } from '../../kernel/transaction.js';
import { EventBus } from '../../messaging/event-bus.js';
import { MicroBatcher } from '../../messaging/micro-batcher.js';
import { type LockedOrder, decideCancellation } from '../domain/order.js';
import { OrderRepository } from '../domain/order.repository.js';
import { OrderCancelled } from './events/order-cancelled.event.js';
import { OrderChanges } from './order-changes.js';

interface Cancellation {
  readonly orderId: OrderId;
  readonly userId: UserId;
}

type CancelledOrder = Result<{ readonly orderId: OrderId; readonly status: 'CANCELLED' }>;

/** Cancels unpaid orders and frees their stock. Customers who cancel at the same time share a transaction. */
@Injectable()
export class CancelOrderUseCase {
  private readonly cancelling = new MicroBatcher({ name: 'order.cancel', run: (batch: readonly Cancellation[]) => this.cancelAll(batch) });

  constructor(
    private readonly orders: OrderRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly bus: EventBus,
    private readonly changes: OrderChanges,
    private readonly clock: Clock,
  ) {}

  /** Refuses with ORDER_NOT_FOUND, ALREADY_PAID, ORDER_EXPIRED, ORDER_CANCELLED or PAYMENT_IN_PROGRESS. */
  execute(orderId: OrderId, userId: UserId): Promise<CancelledOrder> {
    return this.cancelling.submit({ orderId, userId });
  }

  private cancelAll(cancellations: readonly Cancellation[]): Promise<readonly CancelledOrder[]> {
    return this.unitOfWork.run(async (tx) => {
      const locked = new Map(await this.orders.lock(tx, [...new Set(cancellations.map(({ orderId }) => orderId))]));
      const decisions = cancellations.map(({ orderId, userId }) => {
        const decision = decideCancellation(locked.get(orderId), orderId, userId);
        // The second cancellation of one order in one batch finds what the first has left.
        if (decision.ok) locked.set(orderId, { ...decision.value, status: 'CANCELLED' });
        return decision;
      });
      const cancelled = decisions.flatMap((decision) => (decision.ok ? [decision.value] : []));
      await this.save(tx, cancelled);
      return decisions.map((decision) => (decision.ok ? ok({ orderId: decision.value.id, status: 'CANCELLED' }) : decision));
    }, 'order.cancel');
  }

  private async save(tx: Transaction, cancelled: readonly LockedOrder[]): Promise<void> {
    if (cancelled.length === 0) return;
    const at = this.clock.now().toISOString();
    await this.orders.setStatus(
      tx,
      cancelled.map(({ id }) => id),
      'CANCELLED',
    );
    await this.bus.emit(tx, ...cancelled.map(({ id, userId }) => OrderCancelled.of({ orderId: id, userId, at })));
    tx.afterCommit(() => cancelled.forEach(({ id }) => this.changes.notify(id)));
  }
}
