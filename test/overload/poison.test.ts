import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { requestsWaiting } from '../../src/messaging/micro-batcher.js';
import { until } from '../messaging/world.js';
import type { Answer } from '../support/client.js';
import { startShop, type TestShop } from '../support/shop.js';

const NEIGHBOURS = 8;
const GATE = 4_711;
const PIECES_OF_POISON = 7;
const PRICE = 100;
const TOTAL_OF_POISON = PIECES_OF_POISON * PRICE;
const KEY_OF_POISON = 'poison';

let shop: TestShop;
let database: pg.Client;
let optionId: number;
/** The first carries the poison. */
let customers: readonly Awaited<ReturnType<TestShop['customer']>>[];

beforeAll(async () => {
  shop = await startShop({ LOG_LEVEL: 'silent' });
  database = new pg.Client({ connectionString: shop.databaseUrl });
  await database.connect();
  optionId = (await shop.product({ price: PRICE, stock: [10_000] })).optionIds[0] as number;
  customers = await Promise.all(Array.from({ length: 1 + 1 + NEIGHBOURS }, () => shop.customer(1_000_000)));
});
afterAll(async () => {
  await database.end();
  // A poisoned payment stays under way: nothing else can be done about it.
  await shop.stop();
});

afterEach(async () => {
  await database.query('SELECT pg_advisory_unlock_all(); DROP FUNCTION public.poison() CASCADE');
});

type Act = (customer: number) => Promise<Answer>;

const token = (customer: number): string => customers[customer]?.token as string;
const isPoison = (customer: number): boolean => customer === 0;
const keyOf = (customer: number): string => (isPoison(customer) ? KEY_OF_POISON : `fine-${customer}`);

const place: Act = (customer) => {
  const items = [{ productOptionId: optionId, quantity: isPoison(customer) ? PIECES_OF_POISON : 1 }];
  const headers = { 'idempotency-key': keyOf(customer) };
  return shop.api('POST', '/api/orders', { token: token(customer), body: { items }, headers });
};
const offer = async (): Promise<number> => {
  const body = { name: 'Half', discountRate: 50, quantity: 100, expiresAt: '2099-01-01T00:00:00Z' };
  return (await shop.api('POST', '/api/admin/coupons', { token: await shop.operatorToken(), body })).body.couponId;
};
const issuing = async (): Promise<Act> => {
  const couponId = await offer();
  return (customer) => shop.api('POST', `/api/coupons/${couponId}/issue`, { token: token(customer) });
};
const charge: Act = async (customer) => {
  const path = `/api/users/${customers[customer]?.userId}/balance/charges`;
  return shop.api('POST', path, { token: await shop.operatorToken(), body: { amount: isPoison(customer) ? PIECES_OF_POISON : 1 } });
};
/** What is done to orders that are there already. */
const toOrders = (path: string, body: object) => async (): Promise<Act> => {
  await database.query('TRUNCATE shop_order.order_request, shop_http.idempotency_key');
  const orders = await Promise.all(customers.map((_, customer) => place(customer)));
  return (customer) => shop.api('POST', `/api/orders/${orders[customer]?.body.orderId}/${path}`, { token: token(customer), body });
};
const paying = toOrders('payment', {});
const payingWithCoupon = async (): Promise<Act> => {
  const couponId = await offer();
  await Promise.all(customers.map((_, customer) => shop.api('POST', `/api/coupons/${couponId}/issue`, { token: token(customer) })));
  return toOrders('payment', { couponId })();
};
const fresh = (act: Act) => async (): Promise<Act> => {
  await database.query('TRUNCATE shop_order.order_request, shop_http.idempotency_key');
  return act;
};

/** Whatever happens to `table` under `when` waits for the gate; then it throws if it is `poison`. */
interface Step {
  readonly table: string;
  readonly event: 'INSERT' | 'UPDATE';
  readonly when?: string;
  readonly poison: string;
  readonly acting: () => Promise<Act>;
  readonly healthy: number;
  readonly poisoned: number;
}

const total = `NEW.total_amount = ${TOTAL_OF_POISON}`;
const key = (column: string): string => `NEW.${column} = '${KEY_OF_POISON}'`;
/** 202: the steps of a payment are repeated, and then left to whoever takes it over. */
const STEPS: Readonly<Record<string, Step>> = {
  'http.claim-keys': {
    table: 'shop_http.idempotency_key',
    event: 'INSERT',
    poison: key('key'),
    acting: fresh(place),
    healthy: 201,
    poisoned: 500,
  },
  'order.number': {
    table: 'shop_order.order_request',
    event: 'INSERT',
    poison: key('idempotency_key'),
    acting: fresh(place),
    healthy: 201,
    poisoned: 500,
  },
  'product.reserve-stock': {
    table: 'shop_product.stock_hold',
    event: 'INSERT',
    poison: `NEW.quantity = ${PIECES_OF_POISON}`,
    acting: fresh(place),
    healthy: 201,
    poisoned: 500,
  },
  'order.place': { table: 'shop_order.orders', event: 'INSERT', poison: total, acting: fresh(place), healthy: 201, poisoned: 500 },
  // The work is done, so its answer is given though it cannot be kept.
  'http.complete-keys': {
    table: 'shop_http.idempotency_key',
    event: 'UPDATE',
    poison: key('key'),
    acting: fresh(place),
    healthy: 201,
    poisoned: 201,
  },
  'order.cancel': {
    table: 'shop_order.orders',
    event: 'UPDATE',
    when: `NEW.status = 'CANCELLED'`,
    poison: total,
    acting: toOrders('cancel', {}),
    healthy: 200,
    poisoned: 500,
  },
  'order.begin-payment': {
    table: 'shop_order.payment_attempt',
    event: 'INSERT',
    poison: total,
    acting: paying,
    healthy: 200,
    poisoned: 500,
  },
  'product.confirm-stock': {
    table: 'shop_product.stock_hold',
    event: 'UPDATE',
    when: `NEW.state = 'CONFIRMED'`,
    poison: `NEW.quantity = ${PIECES_OF_POISON}`,
    acting: paying,
    healthy: 200,
    poisoned: 202,
  },
  'user.deduct-balance': {
    table: 'shop_user.ledger_entry',
    event: 'INSERT',
    poison: `NEW.amount = -${TOTAL_OF_POISON}`,
    acting: paying,
    healthy: 200,
    poisoned: 202,
  },
  'order.finish-payment': {
    table: 'shop_order.orders',
    event: 'UPDATE',
    when: `NEW.status = 'PAID'`,
    poison: total,
    acting: paying,
    healthy: 200,
    poisoned: 202,
  },
  'user.change-balance': {
    table: 'shop_user.ledger_entry',
    event: 'INSERT',
    poison: `NEW.amount = ${PIECES_OF_POISON}`,
    acting: fresh(charge),
    healthy: 201,
    poisoned: 500,
  },
  'coupon.admit': {
    table: 'shop_coupon.user_coupon',
    event: 'INSERT',
    poison: 'NEW.user_id = POISONED_USER',
    acting: issuing,
    healthy: 201,
    poisoned: 500,
  },
  'coupon.use-coupon': {
    table: 'shop_coupon.user_coupon',
    event: 'UPDATE',
    when: `NEW.state = 'USED'`,
    poison: 'NEW.user_id = POISONED_USER',
    acting: payingWithCoupon,
    healthy: 200,
    poisoned: 202,
  },
};

async function plant({ table, event, when = 'true', poison }: Step): Promise<void> {
  const culprit = poison.replace('POISONED_USER', String(customers[0]?.userId));
  await database.query(`
    CREATE FUNCTION public.poison() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_advisory_xact_lock_shared(${GATE});
      IF ${culprit} THEN RAISE EXCEPTION 'poisoned'; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER poison BEFORE ${event} ON ${table} FOR EACH ROW WHEN (${when}) EXECUTE FUNCTION public.poison()`);
}

test.each(Object.entries(STEPS))('%s: a poisoned request fails alone, its neighbours in the batch are answered', async (name, step) => {
  const act = await step.acting();
  await plant(step);
  await database.query('SELECT pg_advisory_lock($1)', [GATE]);
  const first = act(1);
  const atTheGate = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = ${GATE} AND NOT granted`;
  await until('the first is at the gate', async () => (await database.query(atTheGate)).rowCount !== 0);
  const others = Array.from({ length: NEIGHBOURS }, (_, index) => act(2 + index));
  const poisoned = act(0);
  await until('the others wait for the next batch', () => Promise.resolve((requestsWaiting.get(name) ?? 0) > NEIGHBOURS));
  await database.query('SELECT pg_advisory_unlock($1)', [GATE]);

  const healthy = await Promise.all([first, ...others]);
  expect(healthy.map(({ status }) => status)).toEqual(healthy.map(() => step.healthy));
  expect((await poisoned).status).toBe(step.poisoned);
});
