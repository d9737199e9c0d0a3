import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { ShedLast } from '../../http/admission/shed-last.js';
import { type Caller, CurrentUser, UserParam } from '../../http/auth/caller.js';
import { IdempotencyKey, Idempotent } from '../../http/idempotency/idempotent.js';
import { orProblem } from '../../http/problem.js';
import { Route } from '../../http/route.js';
import type { OrderId, UserId } from '../../kernel/ids.js';
import { toJson } from '../../kernel/money.js';
import { CancelOrderUseCase } from '../application/cancel-order.use-case.js';
import { CreateOrderUseCase } from '../application/create-order.use-case.js';
import { GetOrderDetailUseCase } from '../application/get-order-detail.use-case.js';
import { GetOrdersUseCase } from '../application/get-orders.use-case.js';
import { CancelledAnswer, CreateOrderBody, OrderAnswer, OrdersPage, OrdersQuery, orderCursor, orderIdParam } from './order-schemas.js';
import { readerOf } from './reader.js';

@ApiTags('orders')
@Controller('api/orders')
export class OrdersController {
  constructor(
    private readonly createOrder: CreateOrderUseCase,
    private readonly cancelOrder: CancelOrderUseCase,
    private readonly orderDetail: GetOrderDetailUseCase,
  ) {}

  @Post()
  @Idempotent()
  @Route({
    summary: 'Place an order: its stock is held until expiresAt',
    answer: OrderAnswer,
    status: 201,
    problems: ['PRODUCT_NOT_FOUND', 'PRODUCT_NOT_ON_SALE', 'INSUFFICIENT_STOCK', 'EMPTY_CART'],
  })
  async place(
    @CurrentUser() caller: Caller,
    @Body({ schema: CreateOrderBody }) body: z.output<typeof CreateOrderBody>,
    @IdempotencyKey() idempotencyKey: string | null,
  ) {
    const wanted = body.items ? { items: body.items } : {};
    const order = orProblem(await this.createOrder.execute({ userId: caller.userId, idempotencyKey, ...wanted }));
    return {
      orderId: order.id,
      userId: order.userId,
      status: 'PENDING' as const,
      items: order.lines.map((line) => ({ ...line, price: toJson(line.price), subtotal: toJson(line.subtotal) })),
      totalAmount: toJson(order.totalAmount),
      discountAmount: null,
      finalAmount: null,
      currency: order.currency,
      couponId: null,
      createdAt: order.createdAt.toISOString(),
      expiresAt: order.expiresAt.toISOString(),
      paidAt: null,
    };
  }

  @Get(':id')
  @Route({ summary: 'One of your orders', answer: OrderAnswer, problems: ['ORDER_NOT_FOUND'] })
  async one(@CurrentUser() caller: Caller, @Param('id', { schema: orderIdParam }) id: OrderId) {
    return orProblem(await this.orderDetail.execute(id, readerOf(caller)));
  }

  @Post(':id/cancel')
  @Idempotent()
  @ShedLast()
  @Route({
    summary: 'Cancel an unpaid order: its stock is free again',
    answer: CancelledAnswer,
    problems: ['ORDER_NOT_FOUND', 'ALREADY_PAID', 'ORDER_EXPIRED', 'ORDER_CANCELLED', 'PAYMENT_IN_PROGRESS'],
  })
  async cancel(@CurrentUser() caller: Caller, @Param('id', { schema: orderIdParam }) id: OrderId) {
    return orProblem(await this.cancelOrder.execute(id, caller.userId));
  }
}

@ApiTags('orders')
@Controller('api/users/:id/orders')
export class UserOrdersController {
  constructor(private readonly orders: GetOrdersUseCase) {}

  @Get()
  @Route({ summary: 'The orders of a user, newest first', answer: OrdersPage })
  async list(@UserParam() userId: UserId, @Query({ schema: OrdersQuery }) { status, cursor, limit }: z.output<typeof OrdersQuery>) {
    const orders = await this.orders.execute({ userId, status, before: cursor?.[0] as OrderId | undefined, limit });
    return orderCursor.page(
      orders,
      limit,
      ({ orderId }) => [orderId],
      (order) => order,
    );
  }
}
