import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { UnitOfWork } from '../../kernel/transaction.js';
import { EventBus } from '../../messaging/event-bus.js';
import { OrderRepository } from '../domain/order.repository.js';
import { OrderExpired } from './events/order-expired.event.js';
import { OrderChanges } from './order-changes.js';

const ORDERS_PER_ROUND_MAX = 500;

/** Ends the orders that were not paid in time; their stock becomes free by `order.expired`. */
@Injectable()
export class ExpireOrdersUseCase {
  constructor(
    private readonly orders: OrderRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly bus: EventBus,
    private readonly changes: OrderChanges,
    private readonly clock: Clock,
  ) {}

  /** @returns whether there may be more. */
  execute(): Promise<boolean> {
    return this.unitOfWork.run(async (tx) => {
      const expired = await this.orders.expire(tx, ORDERS_PER_ROUND_MAX);
      const at = this.clock.now().toISOString();
      await this.bus.emit(tx, ...expired.map(({ id, userId }) => OrderExpired.of({ orderId: id, userId, at })));
      tx.afterCommit(() => expired.forEach(({ id }) => this.changes.notify(id)));
      return expired.length === ORDERS_PER_ROUND_MAX;
    }, 'order.expire');
  }
}
