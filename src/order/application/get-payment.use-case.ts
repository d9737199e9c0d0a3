import { Injectable } from '@nestjs/common';
import type { OrderId, UserId } from '../../kernel/ids.js';
import { type Result, ok, refuse } from '../../kernel/result.js';
import { GetOrderDetailUseCase } from './get-order-detail.use-case.js';
import { OrderQueries, type PaymentDetail } from './order-queries.port.js';

/** The latest payment of an order, step by step. */
@Injectable()
export class GetPaymentUseCase {
  constructor(
    private readonly orderDetail: GetOrderDetailUseCase,
    private readonly orders: OrderQueries,
  ) {}

  async execute(orderId: OrderId, reader: UserId | null): Promise<Result<PaymentDetail>> {
    const order = await this.orderDetail.execute(orderId, reader);
    if (!order.ok) return order;
    const payment = await this.orders.latestPayment(orderId);
    return payment ? ok(payment) : refuse('PAYMENT_NOT_FOUND', `nobody has tried to pay order ${orderId} yet`, { orderId });
  }
}
