import { Injectable } from '@nestjs/common';
import type { PaymentId } from '../../../kernel/ids.js';
import type { Transaction } from '../../../kernel/transaction.js';
import type { Received, ShopEvent } from '../../../messaging/event.js';
import { EventBus } from '../../../messaging/event-bus.js';
import { OnEvent } from '../../../messaging/listener.js';
import { SagaJournal } from '../../../messaging/saga-journal.js';
import { OrderPaymentFailDone } from '../../../order/application/events/order-payment-fail-done.event.js';
import { OrderPaymentFail } from '../../../order/application/events/order-payment-fail.event.js';
import { OrderProcessingFailDone } from '../../../order/application/events/order-processing-fail-done.event.js';
import { OrderProcessingFail } from '../../../order/application/events/order-processing-fail.event.js';
import type { CompensationDone, PaymentFailure } from '../../../order/application/events/payment-failure.js';
import { UserCouponRepository } from '../../domain/user-coupon.repository.js';
import { USE_COUPON } from './use-coupon.step.js';

/** Makes the coupon of a failed payment available again: exactly what this payment used, whatever the event says. */
@Injectable()
export class OnOrderFailListener {
  constructor(
    private readonly coupons: UserCouponRepository,
    private readonly journal: SagaJournal,
    private readonly bus: EventBus,
  ) {}

  @OnEvent(OrderProcessingFail, 'coupon.cancel-use')
  async cancelAfterProcessing(tx: Transaction, events: readonly Received<typeof OrderProcessingFail>[]): Promise<void> {
    const reports = await this.cancel(tx, events);
    await this.bus.emit(tx, ...reports.map((report) => OrderProcessingFailDone.of(report)));
  }

  @OnEvent(OrderPaymentFail, 'coupon.cancel-use')
  async cancelAfterPayment(tx: Transaction, events: readonly Received<typeof OrderPaymentFail>[]): Promise<void> {
    const reports = await this.cancel(tx, events);
    await this.bus.emit(tx, ...reports.map((report) => OrderPaymentFailDone.of(report)));
  }

  /** One report per event, also where there was nothing to cancel: somebody may be waiting for it. */
  private async cancel(tx: Transaction, events: readonly ShopEvent<PaymentFailure>[]): Promise<CompensationDone[]> {
    const undone = await this.journal.undo(
      tx,
      USE_COUPON,
      events.map(({ data }) => data.paymentId),
    );
    const cancelled = await this.coupons.cancelUses(
      tx,
      undone.map(({ sagaId }) => sagaId as PaymentId),
    );
    return events.map(({ data: { paymentId, orderId } }) => ({
      paymentId,
      orderId,
      domain: 'coupon',
      undone: cancelled.has(paymentId as PaymentId),
    }));
  }
}
