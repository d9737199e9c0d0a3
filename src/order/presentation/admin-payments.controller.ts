import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { OperatorOnly } from '../../http/auth/caller.js';
import { Route } from '../../http/route.js';
import type { PaymentId } from '../../kernel/ids.js';
import { OrderQueries } from '../application/order-queries.port.js';
import { PaymentsPage, PaymentsQuery, paymentCursor } from './order-schemas.js';

/** For whoever watches the shop: payments that hang are those under way for long. */
@ApiTags('operator')
@Controller('api/admin/payments')
@OperatorOnly()
export class AdminPaymentsController {
  constructor(private readonly orders: OrderQueries) {}

  @Get()
  @Route({ summary: 'The payments of all customers, newest first', answer: PaymentsPage })
  async list(@Query({ schema: PaymentsQuery }) { underWay, cursor, limit }: z.output<typeof PaymentsQuery>) {
    const payments = await this.orders.payments({ underWay, before: cursor?.[0] as PaymentId | undefined, limit: limit + 1 });
    return paymentCursor.page(
      payments,
      limit,
      ({ paymentId }) => [paymentId],
      (payment) => payment,
    );
  }
}
