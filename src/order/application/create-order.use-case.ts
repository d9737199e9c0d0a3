import { Injectable } from '@nestjs/common';
import type { OrderId, ProductId, ProductOptionId, UserId } from '../../kernel/ids.js';
import { money } from '../../kernel/money.js';
import { type Result, ok } from '../../kernel/result.js';
import { UnitOfWork } from '../../kernel/transaction.js';
import { EventBus } from '../../messaging/event-bus.js';
import { Waves } from '../../messaging/waves.js';
import { Clock } from '../../kernel/clock.js';
import { type PlacedOrder, type RequestedLine, mergeLines, placeOrder } from '../domain/order.js';
import type { InsertedOrder } from '../domain/order.repository.js';
import { OrderCancelled } from './events/order-cancelled.event.js';
import { OrderCollecting } from './events/order-collecting.event.js';
import { OrderPlacing } from './events/order-placing.event.js';
import { OrderService } from './order.service.js';

export interface CreateOrder {
  readonly userId: UserId;
  /** Absent: what is in the customer's cart. */
  readonly items?: readonly RequestedLine[];
  readonly idempotencyKey?: string | null;
}

/**
 * Places an order: the product domain holds the stock first, then the order is written. A crash in between leaves a
 * hold without an order: a repetition with the same idempotency key goes on with it, else it ends at its expiry.
 */
@Injectable()
export class CreateOrderUseCase {
  private readonly waves = new Waves();

  constructor(
    private readonly orders: OrderService,
    private readonly bus: EventBus,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** Refuses with EMPTY_CART, PRODUCT_NOT_FOUND, PRODUCT_NOT_ON_SALE, INSUFFICIENT_STOCK or VALIDATION_FAILED. */
  execute(command: CreateOrder): Promise<Result<PlacedOrder & InsertedOrder>> {
    return this.waves.run(() => this.create(command));
  }

  private async create({ userId, items, idempotencyKey = null }: CreateOrder): Promise<Result<PlacedOrder & InsertedOrder>> {
    const orderId = await this.orders.orderIdFor(userId, idempotencyKey);
    const collected = items ? ok(items) : await this.collectCart(orderId, userId);
    if (!collected.ok) return collected;
    const merged = mergeLines(collected.value);
    if (!merged.ok) return merged;

    const placing = await this.bus.emitAsync(OrderPlacing.of({ orderId, userId, items: [...merged.value] }));
    if (!placing.ok) return { ok: false, refusal: placing.refusals[0] };
    const held = placing.answer.items.map((item) => ({
      ...item,
      productOptionId: item.productOptionId as ProductOptionId,
      productId: item.productId as ProductId,
      price: money(item.price),
    }));
    const placed = placeOrder({ id: orderId, userId, held, expiresAt: new Date(placing.answer.expiresAt) });
    if (!placed.ok) {
      await this.releaseHold(orderId, userId);
      return placed;
    }
    const inserted = await this.orders.place(placed.value);
    return ok({ ...placed.value, ...inserted });
  }

  private async collectCart(orderId: OrderId, userId: UserId): Promise<Result<readonly RequestedLine[]>> {
    const collecting = await this.bus.emitAsync(OrderCollecting.of({ orderId, userId }));
    if (!collecting.ok) return { ok: false, refusal: collecting.refusals[0] };
    return ok(
      collecting.answer.items.map(({ productOptionId, quantity }) => ({ productOptionId: productOptionId as ProductOptionId, quantity })),
    );
  }

  /** The stock is held, but there will be no order: nobody should wait for the hold's expiry. */
  private async releaseHold(orderId: OrderId, userId: UserId): Promise<void> {
    await this.unitOfWork.run((tx) => this.bus.emit(tx, OrderCancelled.of({ orderId, userId, at: this.clock.now().toISOString() })));
  }
}
