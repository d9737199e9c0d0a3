import { Injectable } from '@nestjs/common';
import { OrderRepository } from '../domain/order.repository.js';
import type { PaymentAttempt } from '../domain/payment-attempt.js';
import { OrderService } from './order.service.js';
import { ProcessPaymentUseCase } from './process-payment.use-case.js';

const PAYMENTS_PER_ROUND_MAX = 50;

/**
 * Takes over payments that nobody carries out any more and resumes them. One past its deadline gets a last try, for its
 * charge may have been made and only the answer been lost; when that is not decided either, it is given up.
 */
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
    await Promise.all(attempts.map((attempt) => this.carryOn(attempt)));
    return attempts.length === PAYMENTS_PER_ROUND_MAX;
  }

  private async carryOn(attempt: PaymentAttempt & { readonly overdue: boolean }): Promise<void> {
    const outcome = await this.processPayment.execute({ resume: attempt });
    const undecided = outcome.ok && outcome.value.status === 'PAYMENT_PROCESSING';
    if (undecided && attempt.overdue) await this.orders.giveUp(attempt);
  }
}
