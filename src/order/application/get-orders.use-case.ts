import { Injectable } from '@nestjs/common';
import { type OrderDetail, OrderReadModel, type OrdersOfUser } from './order-read-model.js';

/** A customer's orders, newest first. @returns one more than asked for when there are more. */
@Injectable()
export class GetOrdersUseCase {
  constructor(private readonly orders: OrderReadModel) {}

  execute(query: OrdersOfUser): Promise<readonly OrderDetail[]> {
    return this.orders.ordersOf({ ...query, limit: query.limit + 1 });
  }
}
