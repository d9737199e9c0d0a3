import { Injectable } from '@nestjs/common';
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
import type { Confirmation } from '../../domain/confirmation.js';
import { StockRepository } from '../../domain/stock.repository.js';
import { CONFIRM_STOCK } from './on-order-processing.listener.js';

/**
 * Takes back what a failed payment confirmed, as the journal says and not as the event does: the pieces are held for the
 * order again, until the old expiry. Without a confirmation a tombstone is left, and a late one will be refused.
 */
@Injectable()
export class OnOrderFailListener {
  constructor(
    private readonly stock: StockRepository,
    private readonly journal: SagaJournal,
    private readonly bus: EventBus,
  ) {}

  @OnEvent(OrderProcessingFail, 'product.roll-back-stock')
  async afterProcessingFail(tx: Transaction, fails: readonly Received<typeof OrderProcessingFail>[]): Promise<void> {
    const done = await this.rollBack(tx, fails);
    await this.bus.emit(tx, ...done.map((each) => OrderProcessingFailDone.of(each)));
  }

  @OnEvent(OrderPaymentFail, 'product.roll-back-stock')
  async afterPaymentFail(tx: Transaction, fails: readonly Received<typeof OrderPaymentFail>[]): Promise<void> {
    const done = await this.rollBack(tx, fails);
    await this.bus.emit(tx, ...done.map((each) => OrderPaymentFailDone.of(each)));
  }

  private async rollBack(tx: Transaction, fails: readonly ShopEvent<PaymentFailure>[]): Promise<CompensationDone[]> {
    const undone = await this.journal.undo(
      tx,
      CONFIRM_STOCK,
      fails.map(({ data }) => data.paymentId),
    );
    await this.stock.takeBack(
      tx,
      undone.map(({ record }) => record as Confirmation),
    );
    const undonePayments = new Set(undone.map(({ sagaId }) => sagaId));
    return fails.map(({ data: { paymentId, orderId } }) => ({
      paymentId,
      orderId,
      domain: 'product',
      undone: undonePayments.has(paymentId),
    }));
  }
}
