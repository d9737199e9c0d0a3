import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../simulation/random.js';
import type { Answer, CallOptions } from '../support/client.js';
import type { Line, Operation, PlacedOrder, Recorded } from './history.js';
import { PATIENT, type Patience, ask } from './shop-client.js';
import type { World } from './world.js';

const WEIGHTS = {
  place: 14,
  'place-from-cart': 4,
  pay: 22,
  cancel: 5,
  'read-order': 8,
  charge: 5,
  adjust: 4,
  'read-balance': 8,
  issue: 8,
  'read-coupons': 5,
  'read-coupon': 3,
  receive: 4,
  'read-product': 10,
  'add-to-cart': 6,
  'read-cart': 4,
  'clear-cart': 1,
  'offer-coupon': 1,
};
const QUANTITY_MAX = 2;
const RECEIPT_MAX = 12;
const ABORT_MS_MAX = 60;
const PAYS_WITH_COUPON = 0.3;
const ABORTS = 0.05;
const INSISTS = 0.8;
const LOOK_AGAIN_MS = 25;
const LOOKS_MAX = 400;

/** One counter for all clients, so that moments are in order without a clock. */
export class Moments {
  private latest = 0;

  next(): number {
    return ++this.latest;
  }
}

/** One of the hundreds: asks, waits for the answer (or does not), writes both down, asks again. */
export class Client {
  readonly records: Recorded[] = [];
  private readonly world: World;
  private readonly moments: Moments;
  private readonly random: Random;
  private readonly index: number;

  constructor(world: World, moments: Moments, random: Random, index: number) {
    this.world = world;
    this.moments = moments;
    this.random = random;
    this.index = index;
  }

  async act(): Promise<void> {
    const kind = this.random.weighted(WEIGHTS);
    if (kind === 'offer-coupon') return this.world.offerCoupon(this.random);
    const operation = this.choose(kind);
    if (operation) await this.perform(operation, this.patienceFor(operation));
  }

  async perform(operation: Operation, patience: Patience = PATIENT): Promise<void> {
    const { method, path, options } = this.requestOf(operation);
    const keyed = method === 'POST' ? { ...options, headers: { ...options.headers, 'idempotency-key': randomUUID() } } : options;
    const from = this.moments.next();
    const first = await ask(this.world.shop, method, path, keyed, patience);
    const answer = first?.status === 202 ? await this.follow(first, options) : first;
    const to = this.moments.next();
    this.records.push({ client: this.index, operation, from, to: answer ? to : Infinity, answer });
    if ((operation.kind === 'place' || operation.kind === 'place-from-cart') && answer?.status === 201) {
      const { orderId, userId, totalAmount, items } = answer.body;
      this.world.placed({
        orderId,
        userId,
        totalAmount,
        items: items.map(({ productOptionId, quantity }: Line) => ({ productOptionId, quantity })),
      });
    }
  }

  /** Looks at the status address until the payment is decided, and adds its outcome to the answer. */
  private async follow(accepted: Answer, options: CallOptions): Promise<Answer> {
    const { orderId, paymentId, statusUrl } = accepted.body;
    for (let looks = 1; looks <= LOOKS_MAX; looks++) {
      const status = await ask(this.world.shop, 'GET', statusUrl, { token: options.token });
      const { status: outcome, errorCode: code } = status?.body ?? {};
      // Another payment has begun since: ours was refused, but nobody tells why.
      if (status?.body?.paymentId !== paymentId && status?.status === 200) return accepted;
      if (outcome === 'PAID' || outcome === 'REFUSED') return { ...accepted, body: { orderId, paymentId, outcome, code } };
      await sleep(LOOK_AGAIN_MS);
    }
    return accepted;
  }

  /** What an order from the cart holds, only its answer tells: so its client insists. */
  private patienceFor({ kind }: Operation): Patience {
    const insists = this.random.chance(INSISTS);
    const abortAfterMs = this.random.chance(ABORTS) ? this.random.integer(0, ABORT_MS_MAX) : null;
    if (kind.startsWith('read-')) return PATIENT;
    return { abortAfterMs, insists: kind === 'place-from-cart' || (insists && abortAfterMs !== null && kind !== 'clear-cart') };
  }

  private choose(kind: Operation['kind']): Operation | null {
    const { random, world } = this;
    const { userId } = random.pick(world.users);
    const product = random.pick(world.products);
    const line = (quantityMax = QUANTITY_MAX): Line => ({
      productOptionId: random.pick(product.options).id,
      quantity: random.integer(1, quantityMax),
    });
    const order = this.anOrderOf(userId);
    switch (kind) {
      case 'charge':
        return { kind, userId, amount: random.integer(1, 30) * 100 };
      case 'adjust':
        return { kind, userId, amount: random.integer(1, 30) * (random.chance(0.8) ? -100 : 100) };
      case 'add-to-cart':
        return { kind, userId, line: line() };
      case 'receive':
        return { kind, line: line(RECEIPT_MAX) };
      case 'place': {
        const { productOptionId, quantity } = line();
        const both = product.options.map(({ id }) => ({ productOptionId: id, quantity }));
        return { kind, userId, lines: random.chance(0.4) ? both : [{ productOptionId, quantity }] };
      }
      case 'read-product':
        return { kind, productId: product.productId };
      case 'issue':
        return { kind, userId, coupon: random.pick(world.couponsOnOffer) };
      case 'read-coupon':
        return { kind, coupon: random.pick(world.couponsOnOffer) };
      case 'pay': {
        const coupon = random.chance(PAYS_WITH_COUPON) ? random.pick(world.couponsOnOffer) : null;
        return order && { kind, order, coupon, respondAsync: random.chance(0.1) };
      }
      case 'cancel':
      case 'read-order':
        return order && { kind, order };
      default:
        return { kind, userId };
    }
  }

  private anOrderOf(userId: number): PlacedOrder | null {
    const orders = this.world.ordersOf(userId);
    return orders.length > 0 ? this.random.pick(orders) : null;
  }

  private requestOf(operation: Operation): { method: string; path: string; options: CallOptions } {
    const operator = this.world.operatorToken;
    const tokenOf = (userId: number): string => this.world.users.find((user) => user.userId === userId)?.token ?? '';
    const get = (path: string, token: string) => ({ method: 'GET', path, options: { token } });
    const post = (path: string, token: string, body?: object, headers = {}) => ({
      method: 'POST',
      path,
      options: { token, body, headers },
    });
    switch (operation.kind) {
      case 'charge':
        return post(`/api/users/${operation.userId}/balance/charges`, operator, { amount: operation.amount });
      case 'adjust':
        return post(`/api/users/${operation.userId}/balance/adjustments`, operator, { amount: operation.amount, note: 'a correction' });
      case 'read-balance':
        return get('/api/users/me/balance', tokenOf(operation.userId));
      case 'read-coupons':
        return get('/api/users/me/coupons?limit=100', tokenOf(operation.userId));
      case 'read-cart':
        return get('/api/users/me/cart', tokenOf(operation.userId));
      case 'clear-cart':
        return { method: 'DELETE', path: '/api/users/me/cart', options: { token: tokenOf(operation.userId) } };
      case 'add-to-cart':
        return post('/api/users/me/cart', tokenOf(operation.userId), operation.line);
      case 'place':
        return post('/api/orders', tokenOf(operation.userId), { items: operation.lines });
      case 'place-from-cart':
        return post('/api/orders', tokenOf(operation.userId), { fromCart: true });
      case 'pay': {
        const { order, coupon, respondAsync } = operation;
        const body = coupon ? { couponId: coupon.couponId } : {};
        return post(`/api/orders/${order.orderId}/payment`, tokenOf(order.userId), body, respondAsync ? { prefer: 'respond-async' } : {});
      }
      case 'cancel':
        return post(`/api/orders/${operation.order.orderId}/cancel`, tokenOf(operation.order.userId));
      case 'read-order':
        return get(`/api/orders/${operation.order.orderId}`, tokenOf(operation.order.userId));
      case 'issue':
        return post(`/api/coupons/${operation.coupon.couponId}/issue`, tokenOf(operation.userId));
      case 'read-coupon':
        return get(`/api/admin/coupons/${operation.coupon.couponId}`, operator);
      case 'receive':
        return post(`/api/admin/options/${operation.line.productOptionId}/receipts`, operator, { quantity: operation.line.quantity });
      case 'read-product':
        return get(`/api/products/${operation.productId}`, operator);
    }
  }
}
