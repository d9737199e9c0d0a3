import { Injectable } from '@nestjs/common';
import type { OrderId, UserId } from '../../kernel/ids.js';
import { type Result, ok } from '../../kernel/result.js';
import { orderNotFound } from '../domain/order.js';
import { type OrderDetail, OrderQueries } from './order-queries.port.js';

/** One order. Somebody else's does not exist; `reader` null is an operator, who sees all. */
@Injectable()
export class GetOrderDetailUseCase {
  constructor(private readonly orders: OrderQueries) {}

  async execute(orderId: OrderId, reader: UserId | null): Promise<Result<OrderDetail>> {
    const order = await this.orders.order(orderId);
    return order && (reader === null || order.userId === reader) ? ok(order) : orderNotFound(orderId);
  }
}
