import { Inject, Injectable } from '@nestjs/common';
import type { OrderId, PaymentId, UserId } from '../../../kernel/ids.js';
import type { Transaction } from '../../../kernel/transaction.js';
import type { DataOf, Received } from '../../../messaging/event.js';
import { OnEvent, OnEventOutside } from '../../../messaging/listener.js';
import { OrderProcessed } from '../../../order/application/events/order-processed.event.js';
import { type Receipt, receiptText } from '../../domain/receipt.js';
import { Notifier, notifyAll, TO_CUSTOMERS } from '../notifier.port.js';
import { Receipts } from '../receipts.port.js';

/** Writes a receipt for each paid order, and sends it. */
@Injectable()
export class OnOrderProcessedListener {
  constructor(
    private readonly receipts: Receipts,
    @Inject(TO_CUSTOMERS) private readonly customers: Notifier,
  ) {}

  @OnEvent(OrderProcessed, 'notification.write-receipt')
  writeReceipts(tx: Transaction, orders: readonly Received<typeof OrderProcessed>[]): Promise<void> {
    return this.receipts.issue(
      tx,
      orders.map(({ data }) => receiptOf(data)),
    );
  }

  @OnEventOutside(OrderProcessed, 'notification.send-receipt')
  sendReceipts(orders: readonly Received<typeof OrderProcessed>[], signal: AbortSignal): Promise<void> {
    const receipts = orders.map(({ id, type, time, data }) => {
      const receipt = receiptOf(data);
      return { id, type, time, text: receiptText(receipt), contents: { receipt } };
    });
    return notifyAll(this.customers, receipts, signal);
  }
}

const receiptOf = ({ orderId, paymentId, userId, items, ...paid }: DataOf<typeof OrderProcessed>): Receipt => ({
  orderId: orderId as OrderId,
  paymentId: paymentId as PaymentId,
  userId: userId as UserId,
  items: items.map(({ name, price, quantity, subtotal }) => ({ name, price, quantity, subtotal })),
  totalAmount: paid.totalAmount,
  discountAmount: paid.discountAmount,
  finalAmount: paid.finalAmount,
  currency: paid.currency,
  paidAt: paid.paidAt,
});
