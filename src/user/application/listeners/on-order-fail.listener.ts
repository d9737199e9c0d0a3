import { Injectable } from '@nestjs/common';
import type { PaymentId } from '../../../kernel/ids.js';
import type { Transaction } from '../../../kernel/transaction.js';
import type { Received } from '../../../messaging/event.js';
import { EventBus } from '../../../messaging/event-bus.js';
import { OnEvent } from '../../../messaging/listener.js';
import { SagaJournal } from '../../../messaging/saga-journal.js';
import { OrderPaymentFail } from '../../../order/application/events/order-payment-fail.event.js';
import { OrderPaymentFailDone } from '../../../order/application/events/order-payment-fail-done.event.js';
import { AccountRepository } from '../../domain/account.repository.js';
import { voidOf } from '../../domain/ledger.js';
import { LedgerService } from '../ledger.service.js';
import { DEDUCT_BALANCE } from './on-order-payment.listener.js';

/** Gives back what a failed payment was charged. One that is charged later is refused: see the journal's tombstones. */
@Injectable()
export class OnOrderFailListener {
  constructor(
    private readonly accounts: AccountRepository,
    private readonly ledger: LedgerService,
    private readonly journal: SagaJournal,
    private readonly bus: EventBus,
  ) {}

  @OnEvent(OrderPaymentFail, 'user.void-charge')
  async voidCharge(tx: Transaction, failures: readonly Received<typeof OrderPaymentFail>[]): Promise<void> {
    const paymentIds = failures.map(({ data }) => data.paymentId);
    const undone = new Set((await this.journal.undo(tx, DEDUCT_BALANCE, paymentIds)).map(({ sagaId }) => sagaId));
    await this.payBack(tx, [...undone] as PaymentId[]);
    const done = failures.map(({ data: { paymentId, orderId } }) =>
      OrderPaymentFailDone.of({ paymentId, orderId, domain: 'user', undone: undone.has(paymentId) }),
    );
    await this.bus.emit(tx, ...done);
  }

  /** The ledger, not the event, says what was charged, and to whom. */
  private async payBack(tx: Transaction, paymentIds: readonly PaymentId[]): Promise<void> {
    const charges = await this.accounts.findCharges(tx, paymentIds);
    const verdicts = await this.ledger.post(tx, charges.map(voidOf));
    const refused = verdicts.findIndex(({ ok }) => !ok);
    if (refused >= 0) throw new Error(`payment ${charges[refused]?.paymentId} could not be paid back`, { cause: verdicts[refused] });
  }
}
