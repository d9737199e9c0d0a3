import { type Figures, measure } from './figures.js';
import type { MeasuredShop } from './measured-shop.js';

export interface Load {
  readonly orders: number;
  readonly clients: number;
}

/** Customers from anywhere place an order each, of anything; then they pay. */
export async function placeAndPay(shop: MeasuredShop, { orders, clients }: Load): Promise<{ placed: Figures; paid: Figures }> {
  const customers = await Promise.all(Array.from({ length: orders }, () => shop.customer()));
  const toPay: { orderId: number; token: string }[] = [];
  const placed = await measure(customers, clients, async ({ token }) => {
    const items = [{ productOptionId: shop.option(), quantity: 1 }];
    const { orderId } = await shop.call<{ orderId: number }>('POST', '/api/orders', token, { items });
    toPay.push({ orderId, token });
  });
  const paid = await measure(toPay, clients, async ({ orderId, token }) => {
    const { status } = await shop.call<{ status: string }>('POST', `/api/orders/${orderId}/payment`, token, {});
    if (status !== 'PAID') throw new Error(`order ${orderId} is ${status}`);
  });
  return { placed, paid };
}
