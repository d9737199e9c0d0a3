import { Injectable } from '@nestjs/common';
import type { OrderId, PaymentId } from '../../../kernel/ids.js';
import type { Transaction } from '../../../kernel/transaction.js';
import type { AnswerOf, Received } from '../../../messaging/event.js';
import { EventBus } from '../../../messaging/event-bus.js';
import { OnEvent, type Outcome, done, refused } from '../../../messaging/listener.js';
import { SagaJournal } from '../../../messaging/saga-journal.js';
import { OrderProcessingFail } from '../../../order/application/events/order-processing-fail.event.js';
import { OrderProcessing } from '../../../order/application/events/order-processing.event.js';
import { type Confirmation, type ConfirmationDecision, decideConfirmations } from '../../domain/confirmation.js';
import type { Hold } from '../../domain/stock.js';
import { StockRepository } from '../../domain/stock.repository.js';

type Processing = Received<typeof OrderProcessing>;
/** Nothing that the publisher asks for: what was confirmed, for the journal, so that it can be taken back. */
type Answer = AnswerOf<typeof OrderProcessing> & Confirmation;

export const CONFIRM_STOCK = 'confirm-stock';
const SUBSCRIBER = 'product.confirm-stock';

/** Turns the holds of an order into a sale, while the payment is under way. */
@Injectable()
export class OnOrderProcessingListener {
  constructor(
    private readonly stock: StockRepository,
    private readonly journal: SagaJournal,
    private readonly bus: EventBus,
  ) {}

  @OnEvent(OrderProcessing, SUBSCRIBER)
  confirmStock(tx: Transaction, processings: readonly Processing[]): Promise<Outcome<Answer>[]> {
    return this.journal.answerOnce(tx, CONFIRM_STOCK, processings, {
      sagaIdOf: ({ data }) => data.paymentId,
      look: (all) =>
        this.stock.lockHolds(
          tx,
          all.map(({ data }) => data.orderId as OrderId),
        ),
      act: (fresh, holds) => this.confirm(tx, fresh, holds),
    });
  }

  private async confirm(tx: Transaction, processings: readonly Processing[], holds: readonly Hold[]): Promise<Outcome<Answer>[]> {
    const requests = processings.map(({ data }) => ({ paymentId: data.paymentId as PaymentId, orderId: data.orderId as OrderId }));
    const decisions = decideConfirmations(holds, requests);
    await this.stock.confirm(
      tx,
      decisions.flatMap((decision) => (decision.ok ? [decision.value] : [])),
    );
    await this.bus.emit(tx, ...processings.flatMap((processing, index) => failOf(processing, decisions[index])));
    return decisions.map((decision) => (decision.ok ? done(decision.value) : refused(decision.refusal)));
  }
}

function failOf({ data: { paymentId, orderId, userId } }: Processing, decision: ConfirmationDecision | undefined) {
  if (!decision || decision.ok) return [];
  const { code, message } = decision.refusal;
  return [OrderProcessingFail.of({ paymentId, orderId, userId, refusedBy: SUBSCRIBER, code, message })];
}
