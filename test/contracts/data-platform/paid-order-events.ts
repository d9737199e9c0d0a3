import type { PaidOrderEvent } from '../../../src/order/application/data-platform.port.js';
import { OrderProcessed } from '../../../src/order/application/events/order-processed.event.js';

/** The event of an order that was paid on a day, as the log has it. */
export function paidOrder(orderId: number, day = '2026-11-30'): PaidOrderEvent {
  const paidAt = `${day}T10:00:00.000Z`;
  const line = { productOptionId: 1, productId: 1, name: 'Linen shirt (S)', price: 1_000, quantity: 2, subtotal: 2_000 };
  const amounts = { totalAmount: 2_000, discountAmount: 0, finalAmount: 2_000, currency: 'KRW', couponId: null };
  const event = OrderProcessed.seal(
    { orderId, paymentId: orderId, userId: 1, items: [line], ...amounts, paidAt },
    'order',
    new Date(paidAt),
  );
  return Object.assign(event, { shard: orderId % 16, position: orderId });
}

export const paidOrders = (count: number): PaidOrderEvent[] => Array.from({ length: count }, (_, index) => paidOrder(index + 1));

export const idsOf = (events: readonly { readonly id: string }[]): string[] => events.map(({ id }) => id);
