import { Injectable } from '@nestjs/common';
import type { PaymentId, UserId } from '../../../kernel/ids.js';
import { money, toJson } from '../../../kernel/money.js';
import type { Transaction } from '../../../kernel/transaction.js';
import type { Received } from '../../../messaging/event.js';
import { EventBus } from '../../../messaging/event-bus.js';
import { done, OnEvent, type Outcome, refused } from '../../../messaging/listener.js';
import { SagaJournal } from '../../../messaging/saga-journal.js';
import { OrderPayment } from '../../../order/application/events/order-payment.event.js';
import { OrderPaymentFail } from '../../../order/application/events/order-payment-fail.event.js';
import type { Account, PaymentPosting, Verdict } from '../../domain/ledger.js';
import { LedgerService } from '../ledger.service.js';

/** The name of the listener, and of its step in the journal: never to be changed. */
export const DEDUCT_BALANCE = 'user.deduct-balance';

type PaymentRequest = Received<typeof OrderPayment>;
type Answer = { readonly remainingBalance: number };

/** Charges a payment to the balance of its user, once. */
@Injectable()
export class OnOrderPaymentListener {
  constructor(
    private readonly ledger: LedgerService,
    private readonly journal: SagaJournal,
    private readonly bus: EventBus,
  ) {}

  @OnEvent(OrderPayment, DEDUCT_BALANCE)
  deductBalance(tx: Transaction, requests: readonly PaymentRequest[]): Promise<Outcome<Answer>[]> {
    return this.journal.answerOnce(tx, DEDUCT_BALANCE, requests, {
      sagaIdOf: ({ data }) => data.paymentId,
      look: (all) =>
        this.ledger.read(
          tx,
          all.map(({ data }) => data.userId as UserId),
        ),
      act: (fresh, accounts) => this.charge(tx, fresh, accounts),
    });
  }

  private async charge(tx: Transaction, requests: readonly PaymentRequest[], accounts: readonly Account[]): Promise<Outcome<Answer>[]> {
    const verdicts = await this.ledger.post(tx, requests.map(chargeOf), accounts);
    await this.bus.emit(tx, ...requests.flatMap((request, index) => failureOf(request, verdicts[index] as Verdict)));
    return verdicts.map((verdict) => (verdict.ok ? done({ remainingBalance: toJson(verdict.value.balance) }) : refused(verdict.refusal)));
  }
}

const chargeOf = ({ data }: PaymentRequest): PaymentPosting => ({
  code: 'PAYMENT',
  userId: data.userId as UserId,
  paymentId: data.paymentId as PaymentId,
  amount: money(-data.amount),
  note: `order ${data.orderId}`,
});

function failureOf({ data: { paymentId, orderId, userId } }: PaymentRequest, verdict: Verdict) {
  return verdict.ok ? [] : [OrderPaymentFail.of({ paymentId, orderId, userId, refusedBy: DEDUCT_BALANCE, ...verdict.refusal })];
}
