import { Controller, Get, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { type Caller, CurrentUser } from '../../http/auth/caller.js';
import { ProblemError } from '../../http/problem.js';
import { declareProblems } from '../../http/problem-codes.js';
import { Route } from '../../http/route.js';
import { idField, idParam, instant } from '../../http/schemas.js';
import type { OrderId, PaymentId, UserId } from '../../kernel/ids.js';
import { Receipts } from '../application/receipts.port.js';

declareProblems({ RECEIPT_NOT_FOUND: 404 });

const ReceiptAnswer = z
  .object({
    orderId: idField<OrderId>(),
    paymentId: idField<PaymentId>(),
    userId: idField<UserId>(),
    items: z.array(z.object({ name: z.string(), price: z.int(), quantity: z.int(), subtotal: z.int() })).readonly(),
    totalAmount: z.int(),
    discountAmount: z.int(),
    finalAmount: z.int().describe('What was paid'),
    currency: z.string(),
    paidAt: instant,
    issuedAt: instant,
  })
  .meta({ id: 'Receipt' });

@ApiTags('orders')
@Controller('api/orders/:id/receipt')
export class ReceiptsController {
  constructor(private readonly receipts: Receipts) {}

  @Get()
  @Route({
    summary: 'The receipt of a paid order',
    description: 'It is there a moment after the payment, and never changes.',
    answer: ReceiptAnswer,
    problems: ['RECEIPT_NOT_FOUND'],
  })
  async one(@CurrentUser() { userId, role }: Caller, @Param('id', { schema: idParam<OrderId>() }) orderId: OrderId) {
    const receipt = await this.receipts.find(orderId, role === 'operator' ? null : userId);
    if (!receipt) throw new ProblemError({ code: 'RECEIPT_NOT_FOUND', message: `there is no receipt of order ${orderId}` });
    return receipt;
  }
}
