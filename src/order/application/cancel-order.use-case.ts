import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import type { OrderId, UserId } from '../../kernel/ids.js';
import { type Result, ok } from '../../kernel/result.js';
import { UnitOfWork } from '../../kernel/transaction.js';
import { EventBus } from '../../messaging/event-bus.js';
import { decideCancellation } from '../domain/order.js';
import { OrderRepository } from '../domain/order.repository.js';
import { OrderCancelled } from './events/order-cancelled.event.js';
import { OrderChanges } from './order-changes.js';

/** Cancels an unpaid order and frees its stock. */
@Injectable()
export class CancelOrderUseCase {
  constructor(
    private readonly orders: OrderRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly bus: EventBus,
    private readonly changes: OrderChanges,
    private readonly clock: Clock,
  ) {}

  /** Refuses with ORDER_NOT_FOUND, ALREADY_PAID, ORDER_EXPIRED, ORDER_CANCELLED or PAYMENT_IN_PROGRESS. */
  execute(orderId: OrderId, userId: UserId): Promise<Result<{ readonly orderId: OrderId; readonly status: 'CANCELLED' }>> {
    return this.unitOfWork.run(async (tx) => {
      const locked = await this.orders.lock(tx, [orderId]);
      const decision = decideCancellation(locked.get(orderId), orderId, userId);
      if (!decision.ok) return decision;
      await this.orders.setStatus(tx, [orderId], 'CANCELLED');
      await this.bus.emit(tx, OrderCancelled.of({ orderId, userId, at: this.clock.now().toISOString() }));
      tx.afterCommit(() => this.changes.notify(orderId));
      return ok({ orderId, status: 'CANCELLED' });
    }, 'order.cancel');
  }
}
