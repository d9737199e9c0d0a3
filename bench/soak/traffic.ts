import { clientOf, type ShopClient } from '../../test/support/client.js';
import type { Plan, PlannedRequest } from '../load/plan.js';
import { randomFrom } from '../load/schedule.js';
import { couponRequest } from '../scenarios/coupon-rush.js';
import { newOrder } from '../scenarios/ordering.js';
import { payment } from '../scenarios/paying.js';
import { aProduct, TOP_PRODUCTS } from '../scenarios/reading.js';
import { accessTokens } from '../town/customers.js';
import { placeOrders, type UnpaidOrder } from '../town/orders.js';
import type { Town } from '../town/town.js';

export const INTERVAL_SECONDS = 10;

/** Everything that goes on at once in the shop; each kind of request arrives by itself. */
export const STREAMS = ['pay', 'place an order', 'get a coupon', 'read a product, or the top products'] as const;
export type Stream = (typeof STREAMS)[number];
export type IntervalPlans = Readonly<Record<Stream, Plan>>;

const EXPECTED: Readonly<Record<Stream, string>> = {
  pay: '200',
  'place an order': '201',
  'get a coupon': '201',
  'read a product, or the top products': '200',
};
const COUPON_EVERY_ORDERS = 10;
const READS_PER_ORDER = 2;
const TOP_PRODUCTS_SHARE = 0.1;
/**
 * An order that is placed in one interval gets its coupon in a later one, and is paid in the next; so many intervals later that a shop
 * that stands still for a minute finds customers who come to pay all the same.
 */
const INTERVALS_UNTIL_PAID = 10;
/** Tokens live for 15. */
const TOKENS_MS_MAX = 5 * 60_000;
const COUPON_LIVES_MS = 24 * 3_600_000;
const CONNECTIONS_MAX = 256;

/** What customers do, interval by interval, at a steady rate. Keeps the orders that are still to be paid, and nothing else. */
export class Traffic {
  private readonly random = randomFrom(1);
  private interval = 0;
  private tokens: readonly string[] = [];
  private tokensAtMs = -Infinity;
  private operator: ShopClient;
  private ready: readonly UnpaidOrder[];

  private constructor(
    private readonly town: Town,
    private readonly ordersEach: number,
    private readonly unpaid: UnpaidOrder[],
  ) {
    this.operator = clientOf(town.address);
    this.ready = unpaid.splice(0, ordersEach);
  }

  /** @param rate orders paid a second */
  static async begin(town: Town, rate: number): Promise<Traffic> {
    const ordersEach = rate * INTERVAL_SECONDS;
    const wanted = { customers: town.customers, optionIds: town.optionIds, coupons: false, seed: 1 };
    return new Traffic(town, ordersEach, await placeOrders(town.database, { ...wanted, count: INTERVALS_UNTIL_PAID * ordersEach }));
  }

  /** The plans of the next interval. To be asked for while the one before it runs. */
  async next(): Promise<IntervalPlans> {
    this.interval++;
    await this.renewTokens();
    const paying = this.ready.map(payment);
    const { orders, coupons } = await this.withCoupons(this.unpaid.splice(0, this.ordersEach));
    this.ready = orders;
    return {
      pay: this.plan('pay', paying),
      'place an order': {
        ...this.plan(
          'place an order',
          this.many(1, () => newOrder(this.town, this.random)),
        ),
        keepBodies: true,
      },
      'get a coupon': this.plan('get a coupon', coupons),
      'read a product, or the top products': this.plan(
        'read a product, or the top products',
        this.many(READS_PER_ORDER, () => (this.random() < TOP_PRODUCTS_SHARE ? TOP_PRODUCTS : aProduct(this.town, this.random))),
      ),
    };
  }

  /** @param bodies what the shop answered to those who placed `requests`; nothing where it refused. */
  placed(requests: readonly PlannedRequest[], bodies: readonly (string | null)[]): void {
    for (const [index, body] of bodies.entries()) {
      if (!body) continue;
      const { orderId } = JSON.parse(body) as { orderId: number };
      this.unpaid.push({ orderId, customer: requests[index]?.customer ?? 0, couponId: null });
    }
  }

  private many(perOrder: number, request: () => PlannedRequest): PlannedRequest[] {
    return Array.from({ length: this.ordersEach * perOrder }, request);
  }

  private plan(stream: Stream, requests: readonly PlannedRequest[]): Plan {
    const perSecond = Math.max(requests.length, 1) / INTERVAL_SECONDS;
    const seed = this.interval * STREAMS.length + STREAMS.indexOf(stream);
    const arrivals = { kind: 'open', perSecond, connectionsMax: CONNECTIONS_MAX, seed } as const;
    return { address: this.town.address, tokens: this.tokens, requests, arrivals, expected: [EXPECTED[stream]], attemptsMax: 1 };
  }

  /** A new coupon of 50% for every tenth of the orders, unless its customer has got one for another of them. */
  private async withCoupons(orders: readonly UnpaidOrder[]): Promise<{ orders: UnpaidOrder[]; coupons: PlannedRequest[] }> {
    const holders = new Map<number, UnpaidOrder>();
    for (const order of orders.filter((_, index) => index % COUPON_EVERY_ORDERS === 0)) {
      if (!holders.has(order.customer)) holders.set(order.customer, order);
    }
    if (holders.size === 0) return { orders: [...orders], coupons: [] };
    const couponId = await this.offer(holders.size);
    return {
      orders: orders.map((order) => (holders.get(order.customer) === order ? { ...order, couponId } : order)),
      coupons: [...holders.keys()].map((customer) => couponRequest(couponId, customer)),
    };
  }

  private async offer(quantity: number): Promise<number> {
    const expiresAt = new Date(Date.now() + COUPON_LIVES_MS).toISOString();
    const body = { name: `of interval ${this.interval}`, discountRate: 50, quantity, expiresAt };
    const answer = await this.operator.api<{ couponId: number }>('POST', '/api/admin/coupons', {
      token: await this.operator.operatorToken(),
      body,
    });
    if (answer.status !== 201) throw new Error(`no coupon: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body.couponId;
  }

  private async renewTokens(): Promise<void> {
    if (performance.now() - this.tokensAtMs < TOKENS_MS_MAX) return;
    this.tokensAtMs = performance.now();
    this.tokens = await accessTokens(this.town.customers);
    this.operator = clientOf(this.town.address);
  }
}
