import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { query } from '../support/embedded.js';
import type { Answer, Client } from './client.js';

/** What a customer is after, and where the order ends when nobody has died for good. */
export const ERRANDS = {
  pays: 'PAID',
  'pays with a coupon': 'PAID',
  'pays from the cart': 'PAID',
  /** Its stock is gone already when it pays; later it ends like every order that is not paid. */
  'is refused by the product': 'EXPIRED',
  'is refused by the coupon': 'PENDING',
  'is refused by the user': 'PENDING',
  cancels: 'CANCELLED',
  'lets the order run out': 'EXPIRED',
  'is given up': 'PAID',
} as const;

export type ErrandKind = keyof typeof ERRANDS;

interface Person {
  readonly email: string;
  readonly password: string;
  token: string;
}

interface Customer extends Person {
  readonly userId: number;
}

/** One order of one customer, from its placing to its end, repeatable with the same keys. */
export interface Errand {
  readonly kind: ErrandKind;
  readonly key: string;
  readonly customer: Customer;
  readonly couponId: number | null;
  orderId: number | null;
}

const REPEAT_MS_MAX = 30_000;
const REPEAT_AGAIN_MS = 250;
const REPEATED_AT_ONCE_MAX = 50;
/** The first request may still be under way, or seem so for as long as its key is kept. */
export const COME_BACK_LATER = new Set(['IDEMPOTENCY_IN_FLIGHT', 'PAYMENT_IN_PROGRESS', 'OVERLOADED', 'UNAVAILABLE']);

const WITH_A_COUPON = new Set<ErrandKind>(['pays with a coupon', 'is refused by the coupon', 'is refused by the user']);

/** Half of what the shop allows. */
const TOKEN_MS_MAX = 7 * 60_000;
const PRICE = 1_000;
const A_LOT = 1_000_000_000;
const STOCK = 1_000_000;

/** The people and things that errands need, made once for one database. */
export class Crowd {
  private loggedInAtMs = Date.now();
  private readonly people: Person[];

  private constructor(
    private readonly client: Client,
    private readonly operator: Person,
    private readonly optionId: number,
    private readonly rich: Customer,
    private readonly poor: Customer,
  ) {
    this.people = [operator, rich, poor];
  }

  static async gather(client: Client, { email, password }: { readonly email: string; readonly password: string }): Promise<Crowd> {
    const operator = { email, password, token: '' };
    await logIn(client, operator);
    const product = { name: 'A thing', category: 'things', price: PRICE, options: [{ name: 'one', stock: STOCK }] };
    const { options } = await client.must('POST', '/api/admin/products', { token: operator.token, body: product });
    const [rich, poor] = await Promise.all([signUp(client), signUp(client)]);
    await topUp(client, operator, rich);
    return new Crowd(client, operator, options[0].productOptionId, rich, poor);
  }

  /** Everything that comes before the first step of an order. */
  async prepare(kind: ErrandKind): Promise<Errand> {
    await this.renewTokens();
    const customer = kind === 'pays from the cart' ? await this.shopper() : kind === 'is refused by the user' ? this.poor : this.rich;
    return { kind, key: randomUUID(), customer, couponId: await this.couponFor(kind, customer), orderId: null };
  }

  async place(errand: Errand): Promise<void> {
    const { kind, key, customer } = errand;
    const body = kind === 'pays from the cart' ? { fromCart: true } : { items: [{ productOptionId: this.optionId, quantity: 2 }] };
    const answer = await this.client.call('POST', '/api/orders', { token: customer.token, key: `${key}-order`, body });
    if (answer?.status === 201) errand.orderId = answer.body.orderId as number;
  }

  async finish({ kind, key, customer, couponId, orderId }: Errand): Promise<Answer | null> {
    const { token } = customer;
    switch (kind) {
      case 'lets the order run out':
        return this.client.call('GET', `/api/orders/${orderId}`, { token });
      case 'cancels':
        return this.client.call('POST', `/api/orders/${orderId}/cancel`, { token, key: `${key}-cancel` });
      default:
        return this.client.call('POST', `/api/orders/${orderId}/payment`, {
          token,
          key: `${key}-payment`,
          body: couponId ? { couponId } : {},
        });
    }
  }

  /** Everybody repeats everything with the same keys until it is answered. @returns the orders that have not ended as they should. */
  async repeatAll(errands: readonly Errand[]): Promise<readonly string[]> {
    await this.renewTokens();
    const complaints: string[] = [];
    const left = [...errands];
    const repeatNext = async (): Promise<void> => {
      for (let errand = left.pop(); errand; errand = left.pop()) complaints.push(...(await this.repeat(errand)));
    };
    await Promise.all(Array.from({ length: REPEATED_AT_ONCE_MAX }, repeatNext));
    return complaints;
  }

  private async repeat(errand: Errand): Promise<readonly string[]> {
    const expected = ERRANDS[errand.kind];
    for (const giveUpAtMs = Date.now() + REPEAT_MS_MAX; Date.now() < giveUpAtMs; await sleep(REPEAT_AGAIN_MS)) {
      await this.place(errand);
      if (errand.orderId === null) continue;
      const answer = await this.finish(errand);
      if (answer === null || COME_BACK_LATER.has(answer.body.code as string)) continue;
      if ((await this.statusOf(errand)) === expected) return [];
    }
    return [`order ${errand.orderId} of one who ${errand.kind} is ${await this.statusOf(errand)}, not ${expected}`];
  }

  private async statusOf({ orderId, customer }: Errand): Promise<string | undefined> {
    const answer = await this.client.call('GET', `/api/orders/${orderId}`, { token: customer.token });
    return answer?.body.status;
  }

  /** A chain of kills may be longer than a token lives. */
  private async renewTokens(): Promise<void> {
    if (Date.now() - this.loggedInAtMs < TOKEN_MS_MAX) return;
    this.loggedInAtMs = Date.now();
    await Promise.all(this.people.map((person) => logIn(this.client, person)));
  }

  private async shopper(): Promise<Customer> {
    const shopper = await signUp(this.client);
    this.people.push(shopper);
    await topUp(this.client, this.operator, shopper);
    const body = { productOptionId: this.optionId, quantity: 1 };
    await this.client.must('POST', '/api/users/me/cart', { token: shopper.token, body });
    return shopper;
  }

  private async couponFor(kind: ErrandKind, customer: Customer): Promise<number | null> {
    if (!WITH_A_COUPON.has(kind)) return null;
    const terms = { name: 'Ten off', discountRate: 10, quantity: 1, expiresAt: '2100-01-01T00:00:00Z' };
    const { couponId } = await this.client.must('POST', '/api/admin/coupons', { token: this.operator.token, body: terms });
    await this.client.must('POST', `/api/coupons/${couponId}/issue`, {
      token: (kind === 'is refused by the coupon' ? this.poor : customer).token,
    });
    return couponId;
  }
}

/** What only time does to placed orders, done at once: deadlines pass, and a payment is found that was left in its middle. */
export async function letTimePass(databaseUrl: string, errands: readonly Errand[]): Promise<void> {
  await query(
    databaseUrl,
    `UPDATE shop_product.stock_hold SET expires_at = now() - interval '1 minute' WHERE order_id = ANY (${ordersThat('is refused by the product', errands)});
     UPDATE shop_order.orders SET expires_at = now() - interval '1 hour' WHERE order_id = ANY (${ordersThat('lets the order run out', errands)});
     WITH left_alone AS (
       UPDATE shop_order.orders SET status = 'PAYMENT_PROCESSING' WHERE order_id = ANY (${ordersThat('is given up', errands)}) RETURNING *
     )
     INSERT INTO shop_order.payment_attempt (order_id, user_id, total_amount, lease_until, deadline_at)
     SELECT order_id, user_id, total_amount, now() - interval '1 second', now() - interval '1 second' FROM left_alone`,
  );
}

/** What ends by itself, but not within the time that a payment has: an order without stock, a dead request's key, a dead effect's lease. */
export async function letMinutesPass(databaseUrl: string, errands: readonly Errand[]): Promise<void> {
  await query(
    databaseUrl,
    `UPDATE shop_order.orders SET expires_at = now() WHERE order_id = ANY (${ordersThat('is refused by the product', errands)});
     UPDATE shop_http.idempotency_key SET claimed_until = now() WHERE status IS NULL;
     UPDATE shop_order.event_parked SET next_attempt_at = now() WHERE next_attempt_at > now();
     UPDATE shop_notification.event_parked SET next_attempt_at = now() WHERE next_attempt_at > now();
     UPDATE shop_order.event_cursor SET leased_until = now() WHERE leased_until > now();
     UPDATE shop_notification.event_cursor SET leased_until = now() WHERE leased_until > now()`,
  );
}

const ordersThat = (kind: ErrandKind, errands: readonly Errand[]): string =>
  `'{${errands.flatMap((errand) => (errand.kind === kind && errand.orderId !== null ? [errand.orderId] : [])).join()}}'`;

async function signUp(client: Client): Promise<Customer> {
  const person = { email: `${randomUUID()}@example.com`, password: 'customer-password' };
  const { userId, accessToken } = await client.must('POST', '/api/auth/signup', { body: person });
  return { ...person, userId, token: accessToken };
}

async function logIn(client: Client, person: Person): Promise<void> {
  const { email, password } = person;
  person.token = (await client.must('POST', '/api/auth/login', { body: { email, password } })).accessToken;
}

async function topUp(client: Client, operator: Person, { userId }: Customer): Promise<void> {
  await client.must('POST', `/api/users/${userId}/balance/charges`, { token: operator.token, body: { amount: A_LOT } });
}
