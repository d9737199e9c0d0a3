import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { CatalogueItem, Invoice } from './history.js';
import type { Article } from './import-catalogue.js';
import { ReplayError } from './replay-error.js';
import type { Session } from './session.js';
import { type Answer, codeOf, read } from './shop-api.js';

const LOOK_AGAIN_MS = 100;
const DECISION_MS_MAX = 120_000;
const OWN_ORDERS_MAX = 100;

const Lines = z.array(z.object({ productOptionId: z.int(), quantity: z.int() }));
const Placed = z.object({ orderId: z.int(), totalAmount: z.int() });
const Order = z.object({ orderId: z.int(), status: z.string(), finalAmount: z.int().nullable(), totalAmount: z.int(), items: Lines });
const OrderList = z.object({ items: z.array(Order) });
const Paid = z.object({ paidAmount: z.int() });

export interface Shopping {
  readonly session: Session;
  readonly articles: ReadonlyMap<CatalogueItem, Article>;
  readonly runId: string;
  /** The orders of this run whose placing was answered. */
  readonly ordersSeen: Set<number>;
}

/** What became of an invoice. Times are from sending to the answer, repeats included, in milliseconds. */
export type OrderOutcome = { readonly invoice: Invoice; readonly placeMs: number } & (
  | { readonly outcome: 'not-placed'; readonly code: string }
  | { readonly outcome: 'not-paid'; readonly code: string; readonly placedAmount: number; readonly payMs: number }
  | { readonly outcome: 'paid'; readonly placedAmount: number; readonly paidAmount: number; readonly payMs: number }
);

/** Places an invoice as an order and pays it. One of a customer at a time: see {@link findPlaced}. */
export async function shop(invoice: Invoice, { session, articles, runId, ordersSeen }: Shopping): Promise<OrderOutcome> {
  const key = `replay-${runId}-${invoice.key}`;
  const items = invoice.lines.map(({ item, quantity }) => ({ productOptionId: optionOf(articles, item), quantity }));

  const placing = { method: 'POST', path: '/api/orders', body: { items }, idempotencyKey: `${key}-place` } as const;
  const [placed, placeMs] = await timed(() => session.call(placing, () => findPlaced(session, items, ordersSeen)));
  if (placed.status !== 201) return { invoice, placeMs, outcome: 'not-placed', code: codeOf(placed) };
  const { orderId, totalAmount: placedAmount } = read(placed, 201, Placed, placing);
  ordersSeen.add(orderId);

  const [paid, payMs] = await timed(() => pay(session, orderId, `${key}-pay`));
  if (paid.status !== 200) return { invoice, placeMs, payMs, outcome: 'not-paid', code: codeOf(paid), placedAmount };
  return { invoice, placeMs, payMs, outcome: 'paid', placedAmount, paidAmount: Paid.parse(paid.body).paidAmount };
}

/** Answers with the decision: a payment that the shop finishes later (202), or of which the answer was lost, is looked up. */
async function pay(session: Session, orderId: number, idempotencyKey: string): Promise<Answer> {
  const call = { method: 'POST', path: `/api/orders/${orderId}/payment`, body: {}, idempotencyKey } as const;
  const answer = await session.call(call, () => findPaid(session, orderId));
  if (codeOf(answer) === 'ALREADY_PAID') return (await findPaid(session, orderId)) ?? answer;
  return answer.status === 202 ? untilDecided(session, orderId) : answer;
}

async function untilDecided(session: Session, orderId: number): Promise<Answer> {
  const Payment = z.object({ status: z.string(), errorCode: z.string().nullable() });
  const giveUpAt = performance.now() + DECISION_MS_MAX;
  while (performance.now() < giveUpAt) {
    const { status, errorCode } = await session.must(200, Payment, { method: 'GET', path: `/api/orders/${orderId}/payment` });
    if (status === 'REFUSED') return { status: 422, body: { code: errorCode ?? 'REFUSED' } };
    const paid = status === 'PAID' ? await findPaid(session, orderId) : undefined;
    if (paid) return paid;
    await sleep(LOOK_AGAIN_MS);
  }
  throw new ReplayError(`The shop has not decided the payment of order ${orderId} within ${DECISION_MS_MAX / 1_000} s.`);
}

async function findPaid(session: Session, orderId: number): Promise<Answer | undefined> {
  const order = await session.must(200, Order, { method: 'GET', path: `/api/orders/${orderId}` });
  return order.status === 'PAID' ? { status: 200, body: { paidAmount: order.finalAmount } } : undefined;
}

/** The order whose answer was lost. A customer of ours places one order at a time, so there is no more than one. */
async function findPlaced(session: Session, items: z.output<typeof Lines>, seen: ReadonlySet<number>): Promise<Answer | undefined> {
  const path = `/api/users/me/orders?status=PENDING&limit=${OWN_ORDERS_MAX}`;
  const pending = await session.must(200, OrderList, { method: 'GET', path });
  const order = pending.items.find((each) => !seen.has(each.orderId) && canonical(each.items) === canonical(items));
  return order && { status: 201, body: order };
}

const canonical = (lines: z.output<typeof Lines>): string =>
  lines
    .map(({ productOptionId, quantity }) => `${productOptionId}×${quantity}`)
    .toSorted()
    .join(' ');

function optionOf(articles: ReadonlyMap<CatalogueItem, Article>, item: CatalogueItem): number {
  const article = articles.get(item);
  if (!article) throw new Error(`${item.stockCode} was not imported`);
  return article.productOptionId;
}

async function timed<Value>(work: () => Promise<Value>): Promise<readonly [Value, number]> {
  const startedAt = performance.now();
  return [await work(), performance.now() - startedAt];
}
