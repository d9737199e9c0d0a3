import { Injectable } from '@nestjs/common';
import { OrderRepository } from '../domain/order.repository.js';
import { OrderService } from './order.service.js';
import { ProcessPaymentUseCase } from './process-payment.use-case.js';

const PAYMENTS_PER_ROUND_MAX = 50;

/** Takes over payments that nobody carries out any more: resumes them, or gives them up after their deadline. */
@Injectable()
export class RecoverPaymentsUseCase {
  constructor(
    private readonly repository: OrderRepository,
    private readonly orders: OrderService,
    private readonly processPayment: ProcessPaymentUseCase,
  ) {}

  /** @returns whether there may be more. */
  async execute(): Promise<boolean> {
    const attempts = await this.repository.takeOver(PAYMENTS_PER_ROUND_MAX);
    await Promise.all(
      attempts.map((attempt) => (attempt.overdue ? this.orders.giveUp(attempt) : this.processPayment.execute({ resume: attempt }))),
    );
    return attempts.length === PAYMENTS_PER_ROUND_MAX;
  }
}
