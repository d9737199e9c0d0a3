import { Injectable, Logger } from '@nestjs/common';
import { money, subtract, toJson } from '../../kernel/money.js';
import { type Result, ok, refuse } from '../../kernel/result.js';
import { retryDelayMs } from '../../messaging/backoff.js';
import { EventBus, type Step } from '../../messaging/event-bus.js';
import type { PaymentRequest } from '../domain/order.js';
import type { PaidOrder } from '../domain/order.repository.js';
import type { PaymentAttempt } from '../domain/payment-attempt.js';
import { OrderPayment } from './events/order-payment.event.js';
import { OrderProcessing } from './events/order-processing.event.js';
import { OrderService } from './order.service.js';
import { Waves } from '../../messaging/waves.js';
import { PaymentLock } from './payment-lock.port.js';

/** How long a client waits; after that the payment goes on, and the client is told where to look. */
const ANSWER_WAIT_MS_MAX = 5_000;
const FAULTS_MAX = 4;

export interface PayOrder extends PaymentRequest {
  /** Answer PAYMENT_PROCESSING as soon as the payment has begun. */
  readonly respondAsync?: boolean;
}

export interface ResumePayment {
  readonly resume: PaymentAttempt;
}

export type PaymentOutcome =
  | { readonly status: 'PAID'; readonly order: PaidOrder }
  /** Not decided yet: it goes on by itself, here or in whichever process takes it over. */
  | { readonly status: 'PAYMENT_PROCESSING'; readonly attempt: PaymentAttempt };

/**
 * Pays an order: a saga over the order's own transactions and two request events. It knows no other domain.
 *
 * P1: the lock sheds contention; `beginPayment` decides.
 * P2: every step may be repeated with the same payment id: listeners answer as they answered the first time.
 * P3: a refusal is answered after the compensations have been made.
 * P4: after a successful charge the payment only goes forward.
 */
@Injectable()
export class ProcessPaymentUseCase {
  private readonly logger = new Logger('Payments');
  private readonly waves = new Waves();

  constructor(
    private readonly orders: OrderService,
    private readonly bus: EventBus,
    private readonly lock: PaymentLock,
  ) {}

  /** Pays an order, or goes on with an attempt that somebody else has left (P2). */
  execute(command: PayOrder | ResumePayment): Promise<Result<PaymentOutcome>> {
    return 'resume' in command ? this.resume(command.resume) : this.waves.run(() => this.pay(command));
  }

  private async pay(request: PayOrder): Promise<Result<PaymentOutcome>> {
    const held = await this.lock.tryAcquire(request.orderId);
    if (!held) return refuse('PAYMENT_IN_PROGRESS', 'a payment of this order is in progress: wait for its outcome');
    const release = (): Promise<void> =>
      held().catch((fault: unknown) => this.logger.warn({ err: fault }, 'a payment lock is left to its time to live'));
    try {
      const begun = await this.orders.beginPayment(request);
      if (!begun.ok) return begun;
      const outcome = this.resume(begun.value);
      // Released before the answer: whoever is told of a refusal may pay again at once.
      return request.respondAsync ? this.inBackground(begun.value, outcome) : await this.withinWait(begun.value, outcome);
    } finally {
      await release();
    }
  }

  /** Carries an attempt out from its first event, for the first time or once more after a crash (P2). */
  private async resume(attempt: PaymentAttempt): Promise<Result<PaymentOutcome>> {
    for (let faults = 1; ; faults++) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- the next attempt is for when this one has failed
        return await this.carryOut(attempt);
      } catch (fault) {
        this.logger.warn({ err: fault, paymentId: attempt.id, faults }, 'a step of a payment failed technically');
        // Its lease will run out, and whoever takes it over repeats the steps.
        if (faults >= FAULTS_MAX) return ok({ status: 'PAYMENT_PROCESSING', attempt });
        // oxlint-disable-next-line no-await-in-loop -- a pause between attempts
        await new Promise((resolve) => setTimeout(resolve, retryDelayMs(faults)));
      }
    }
  }

  private async carryOut(attempt: PaymentAttempt): Promise<Result<PaymentOutcome>> {
    const { id: paymentId, orderId, userId, couponId, totalAmount } = attempt;
    const processing = await this.bus.emitAsync(
      OrderProcessing.of({ paymentId, orderId, userId, couponId, totalAmount: toJson(totalAmount) }),
    );
    if (!processing.ok) return this.refused(attempt, processing.steps);

    const discountAmount = money(processing.answer.discountAmount ?? 0);
    const finalAmount = subtract(totalAmount, discountAmount);
    const payment = await this.bus.emitAsync(OrderPayment.of({ paymentId, orderId, userId, amount: toJson(finalAmount) }));
    const steps = [...processing.steps, ...payment.steps];
    if (!payment.ok) return this.refused(attempt, steps);

    const remainingBalance = money(payment.answer.remainingBalance);
    const order = await this.orders.finishPayment({ attempt, discountAmount, finalAmount, remainingBalance, steps });
    return order ? ok({ status: 'PAID', order }) : this.refused(attempt, steps);
  }

  /** P3: the refusing listener has published the fail event; everybody, the order too, undoes its part. */
  private async refused(attempt: PaymentAttempt, steps: readonly Step[]): Promise<Result<PaymentOutcome>> {
    const refusal = await this.orders.rolledBack(attempt, steps, ANSWER_WAIT_MS_MAX);
    return refusal ? { ok: false, refusal } : ok({ status: 'PAYMENT_PROCESSING', attempt });
  }

  private async withinWait(attempt: PaymentAttempt, outcome: Promise<Result<PaymentOutcome>>): Promise<Result<PaymentOutcome>> {
    let timer: NodeJS.Timeout | undefined;
    const waited = new Promise<Result<PaymentOutcome>>((resolve) => {
      // The payment is not stopped by this: it goes on, and its outcome is found at the status address.
      timer = setTimeout(() => resolve(ok({ status: 'PAYMENT_PROCESSING', attempt })), ANSWER_WAIT_MS_MAX);
    });
    return Promise.race([outcome, waited]).finally(() => clearTimeout(timer));
  }

  private inBackground(attempt: PaymentAttempt, outcome: Promise<Result<PaymentOutcome>>): Result<PaymentOutcome> {
    outcome.catch((fault: unknown) => this.logger.error({ err: fault, paymentId: attempt.id }, 'a payment in the background failed'));
    return ok({ status: 'PAYMENT_PROCESSING', attempt });
  }
}
