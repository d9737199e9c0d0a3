import type { ProductId } from '../../src/kernel/ids.js';
import { OrderProcessed } from '../../src/order/application/events/order-processed.event.js';
import type { ProductDomain } from './product-domain.js';

let order = 0;

/** `daysAgo` in UTC by the database's clock, at the given minute of the day. */
export async function moment(shop: ProductDomain, daysAgo: number, minute = 0): Promise<string> {
  const text = `SELECT date_trunc('day', now(), 'UTC') - make_interval(days => $1::int) + make_interval(mins => $2::int) AS at`;
  const [row] = await shop.rows<{ at: Date }>(text, [daysAgo, minute]);
  return (row?.at ?? new Date(Number.NaN)).toISOString();
}

/** An order paid at that time. */
export function paid(paidAt: string, ...sold: readonly (readonly [ProductId, number])[]) {
  const items = sold.map(([productId, quantity]) => ({
    productOptionId: 1,
    productId,
    name: 'x',
    price: 10,
    quantity,
    subtotal: 10 * quantity,
  }));
  const amounts = { totalAmount: 10, discountAmount: 0, finalAmount: 10, currency: 'KRW', couponId: null };
  return OrderProcessed.of({ orderId: ++order, paymentId: order, userId: 2, items, paidAt, ...amounts });
}
