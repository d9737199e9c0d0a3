import type { Measured, PlannedRequest } from '../load/plan.js';
import { TOP_PRODUCTS } from '../scenarios/reading.js';
import type { MeasuredShop } from './measured-shop.js';

export interface Load {
  readonly orders: number;
  readonly clients: number;
}

export const MEASURED = ['placed', 'paid', 'read top products'] as const;

/** What a closed loop came to. */
export type Figures = Readonly<Record<'perSecond' | 'p50Ms' | 'p99Ms', number>>;

/** Reading is so quick that as many reads as orders would be over in a few tenths of a second. */
const READS_PER_ORDER = 10;

/** Customers from anywhere place an order each, of anything; then they pay; then somebody reads the top products. */
export async function runLoad(
  shop: MeasuredShop,
  { orders, clients }: Load,
): Promise<Readonly<Record<(typeof MEASURED)[number], Figures>>> {
  const tokens = await Promise.all(Array.from({ length: orders }, async () => (await shop.customer()).token));
  const post = (path: string, customer: number, body: object): PlannedRequest => ({
    method: 'POST',
    path,
    customer,
    body: JSON.stringify(body),
  });
  const placing = tokens.map((_, customer) => post('/api/orders', customer, { items: [{ productOptionId: shop.option(), quantity: 1 }] }));
  const placed = await shop.measure({ requests: placing, tokens, clients, expected: '201', keepBodies: true });
  const paying = placed.bodies.map((body, customer) => {
    const { orderId } = JSON.parse(body) as { orderId: number };
    return post(`/api/orders/${orderId}/payment`, customer, {});
  });
  // 200 is a payment that is through; one that is not yet would be 202.
  const paid = await shop.measure({ requests: paying, tokens, clients, expected: '200' });
  const reading = Array.from({ length: orders * READS_PER_ORDER }, () => TOP_PRODUCTS);
  const read = await shop.measure({ requests: reading, tokens: [], clients, expected: '200' });
  return { placed: figuresOf(placed), paid: figuresOf(paid), 'read top products': figuresOf(read) };
}

export const figuresOf = ({ perSecond, latencyMs: { p50, p99 } }: Measured): Figures => ({ perSecond, p50Ms: p50, p99Ms: p99 });
