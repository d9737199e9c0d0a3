import { Injectable } from '@nestjs/common';
import type { OrderId, PaymentId } from '../../../kernel/ids.js';
import type { Transaction } from '../../../kernel/transaction.js';
import type { DurableEvent, Received, ShopEvent } from '../../../messaging/event.js';
import { EventCatalogue } from '../../../messaging/event-catalogue.js';
import { OnEvent } from '../../../messaging/listener.js';
import { OrderRepository } from '../../domain/order.repository.js';
import { type Rollback, compensated, failed } from '../../domain/payment-attempt.js';
import { OrderPaymentFailDone } from '../events/order-payment-fail-done.event.js';
import { OrderPaymentFail } from '../events/order-payment-fail.event.js';
import { OrderProcessingFailDone } from '../events/order-processing-fail-done.event.js';
import { OrderProcessingFail } from '../events/order-processing-fail.event.js';
import type { CompensationDone, PaymentFailure } from '../events/payment-failure.js';
import { OrderChanges } from '../order-changes.js';

/** The order's own part of a roll-back: it is PENDING again when every compensating domain has reported. */
@Injectable()
export class OnOrderFailListener {
  constructor(
    private readonly orders: OrderRepository,
    private readonly catalogue: EventCatalogue,
    private readonly changes: OrderChanges,
  ) {}

  @OnEvent(OrderProcessingFail, 'order.back-to-pending')
  onProcessingFail(tx: Transaction, events: readonly Received<typeof OrderProcessingFail>[]): Promise<void> {
    return this.rollBack(tx, events, this.compensationsReporting(OrderProcessingFailDone));
  }

  @OnEvent(OrderPaymentFail, 'order.back-to-pending')
  onPaymentFail(tx: Transaction, events: readonly Received<typeof OrderPaymentFail>[]): Promise<void> {
    return this.rollBack(tx, events, this.compensationsReporting(OrderPaymentFailDone));
  }

  @OnEvent(OrderProcessingFailDone, 'order.await-compensations')
  onProcessingFailDone(tx: Transaction, events: readonly Received<typeof OrderProcessingFailDone>[]): Promise<void> {
    return this.evolve(tx, events, (rollback, { type, data }) => compensated(rollback, compensation(type, data.domain)));
  }

  @OnEvent(OrderPaymentFailDone, 'order.await-compensations')
  onPaymentFailDone(tx: Transaction, events: readonly Received<typeof OrderPaymentFailDone>[]): Promise<void> {
    return this.evolve(tx, events, (rollback, { type, data }) => compensated(rollback, compensation(type, data.domain)));
  }

  private rollBack(tx: Transaction, events: readonly ShopEvent<PaymentFailure>[], awaited: readonly string[]): Promise<void> {
    return this.evolve(tx, events, (rollback, { data: { code, message, details } }) =>
      failed(rollback, details ? { code, message, details } : { code, message }, awaited),
    );
  }

  /** Who compensates is the catalogue's knowledge: the publishers of the event that reports it. */
  private compensationsReporting(done: DurableEvent<CompensationDone>): readonly string[] {
    return this.catalogue.publishersOf(done).map((domain) => compensation(done.type, domain));
  }

  private async evolve<Data extends { paymentId: number; orderId: number }>(
    tx: Transaction,
    events: readonly ShopEvent<Data>[],
    step: (rollback: Rollback, event: ShopEvent<Data>) => Rollback,
  ): Promise<void> {
    const payments = events.map(({ data }) => ({ paymentId: data.paymentId as PaymentId, orderId: data.orderId as OrderId }));
    const locked = await this.orders.lockRollbacks(tx, payments);
    // A late report about a roll-back that is through must not touch the order, which may be paid by another attempt by now.
    const open = new Map(locked.filter(({ state }) => state !== 'REFUSED').map((rollback) => [rollback.paymentId, rollback]));
    for (const event of events) {
      const rollback = open.get(event.data.paymentId as PaymentId);
      if (rollback) open.set(rollback.paymentId, step(rollback, event));
    }
    if (open.size === 0) return;
    await this.orders.saveRollbacks(tx, [...open.values()]);
    // The order is what it was until the last report: until then there is nothing to be seen.
    const through = [...open.values()].filter(({ state }) => state === 'REFUSED');
    tx.afterCommit(() => through.forEach(({ orderId }) => this.changes.notify(orderId)));
  }
}

const compensation = (doneEvent: string, domain: string): string => `${doneEvent}:${domain}`;
