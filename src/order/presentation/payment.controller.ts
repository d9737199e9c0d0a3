import { Body, Controller, Get, Headers, Param, Post, Res } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { ShedLast } from '../../http/admission/shed-last.js';
import { type Caller, CurrentUser } from '../../http/auth/caller.js';
import { Idempotent } from '../../http/idempotency/idempotent.js';
import { LiveStreams } from '../../http/live-streams.js';
import { orProblem } from '../../http/problem.js';
import { Route } from '../../http/route.js';
import type { OrderId } from '../../kernel/ids.js';
import { toJson } from '../../kernel/money.js';
import { GetOrderDetailUseCase } from '../application/get-order-detail.use-case.js';
import { GetPaymentUseCase } from '../application/get-payment.use-case.js';
import type { OrderDetail } from '../application/order-queries.port.js';
import { OrderChanges } from '../application/order-changes.js';
import { type PaymentOutcome, ProcessPaymentUseCase } from '../application/process-payment.use-case.js';
import { AcceptedAnswer, PaidAnswer, PayBody, PaymentAnswer, StatusEvent, orderIdParam } from './order-schemas.js';
import { readerOf } from './reader.js';

/** Changes made by another process raise no hint here: look again now and then. */
const LOOK_AGAIN_MS = 2_000;

@ApiTags('payment')
@Controller('api/orders/:id')
export class PaymentController {
  constructor(
    private readonly processPayment: ProcessPaymentUseCase,
    private readonly payment: GetPaymentUseCase,
    private readonly orderDetail: GetOrderDetailUseCase,
    private readonly changes: OrderChanges,
    private readonly streams: LiveStreams,
  ) {}

  @Post('payment')
  @Idempotent()
  @ShedLast()
  @ApiHeader({ name: 'Prefer', required: false, description: 'respond-async: answer 202 as soon as the payment has begun' })
  @Route({
    summary: 'Pay an order from your balance, with a coupon if you like',
    answer: PaidAnswer,
    alternatives: { 202: AcceptedAnswer },
    problems: [
      'ORDER_NOT_FOUND',
      'PAYMENT_IN_PROGRESS',
      'ALREADY_PAID',
      'ORDER_EXPIRED',
      'ORDER_CANCELLED',
      'HOLD_EXPIRED',
      'INVALID_COUPON',
      'EXPIRED_COUPON',
      'ALREADY_USED',
      'INSUFFICIENT_BALANCE',
      'PAYMENT_ABORTED',
      'PAYMENT_TIMEOUT',
    ],
  })
  async pay(
    @CurrentUser() caller: Caller,
    @Param('id', { schema: orderIdParam }) orderId: OrderId,
    @Body({ schema: PayBody }) body: z.output<typeof PayBody>,
    @Headers('prefer') prefer: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const respondAsync = /\brespond-async\b/i.test(prefer ?? '');
    const outcome = orProblem(
      await this.processPayment.execute({ orderId, userId: caller.userId, couponId: body.couponId ?? null, respondAsync }),
    );
    if (outcome.status === 'PAYMENT_PROCESSING') void reply.status(202);
    return answerOf(outcome);
  }

  @Get('payment')
  @Route({
    summary: 'The latest payment of an order, step by step',
    answer: PaymentAnswer,
    problems: ['ORDER_NOT_FOUND', 'PAYMENT_NOT_FOUND'],
  })
  async status(@CurrentUser() caller: Caller, @Param('id', { schema: orderIdParam }) orderId: OrderId) {
    return orProblem(await this.payment.execute(orderId, readerOf(caller)));
  }

  @Get('events')
  @Route({
    summary: 'The status of an order, live, as server-sent events',
    answer: StatusEvent,
    stream: true,
    problems: ['ORDER_NOT_FOUND'],
  })
  async events(
    @CurrentUser() caller: Caller,
    @Param('id', { schema: orderIdParam }) orderId: OrderId,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const reader = readerOf(caller);
    let current = orProblem(await this.orderDetail.execute(orderId, reader));
    const stream = this.streams.start(reply);
    const tell = (order: OrderDetail): void => {
      stream.send({ event: 'status', data: { orderId: order.orderId, status: order.status, paidAt: order.paidAt } });
      current = order;
      if (isFinal(order)) stream.end();
    };
    const look = async (): Promise<void> => {
      const order = await this.orderDetail.execute(orderId, reader);
      if (order.ok && order.value.status !== current.status) tell(order.value);
    };
    // A failed look is repeated by the next one; the stream itself is not to blame.
    const lookQuietly = (): void => void look().catch(() => {});
    const timer = setInterval(lookQuietly, LOOK_AGAIN_MS);
    const unwatch = this.changes.watch(orderId, lookQuietly);
    stream.onEnd(() => {
      clearInterval(timer);
      unwatch();
    });
    tell(current);
  }
}

const isFinal = ({ status }: OrderDetail): boolean => status === 'PAID' || status === 'EXPIRED' || status === 'CANCELLED';

function answerOf(outcome: PaymentOutcome) {
  if (outcome.status === 'PAYMENT_PROCESSING') {
    const { orderId, id: paymentId } = outcome.attempt;
    return { orderId, paymentId, status: outcome.status, statusUrl: `/api/orders/${orderId}/payment` };
  }
  const { order } = outcome;
  return {
    orderId: order.orderId,
    paymentId: order.paymentId,
    status: outcome.status,
    paidAmount: toJson(order.finalAmount),
    discountAmount: toJson(order.discountAmount),
    totalAmount: toJson(order.totalAmount),
    remainingBalance: toJson(order.remainingBalance),
    currency: order.currency,
    paidAt: order.paidAt.toISOString(),
  };
}
