import { Injectable } from '@nestjs/common';
import { type OrderDetail, OrderQueries, type OrdersOfUser } from './order-queries.port.js';

/** A customer's orders, newest first. @returns one more than asked for when there are more. */
@Injectable()
export class GetOrdersUseCase {
  constructor(private readonly orders: OrderQueries) {}

  execute(query: OrdersOfUser): Promise<readonly OrderDetail[]> {
    return this.orders.ordersOf({ ...query, limit: query.limit + 1 });
  }
}
