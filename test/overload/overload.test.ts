import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../messaging/world.js';
import type { Answer } from '../support/client.js';
import { startShop, type TestShop } from '../support/shop.js';

const GATE = 4_712;
const GREEDY = 6;
const ORDERS_EACH = 180;
/** Two batches are let in however slow it is; there are 768 places for new orders. */
const LET_IN_MIN = 128;
const PRICE = 100;

let shop: TestShop;
let database: pg.Client;
let optionId: number;
let customers: readonly Awaited<ReturnType<TestShop['customer']>>[];

beforeAll(async () => {
  shop = await startShop();
  database = new pg.Client({ connectionString: shop.databaseUrl });
  await database.connect();
  optionId = (await shop.product({ price: PRICE, stock: [100_000] })).optionIds[0] as number;
  customers = await Promise.all(Array.from({ length: GREEDY + 1 }, () => shop.customer(1_000_000)));
});
afterAll(async () => {
  await database.end();
  await shop.stop();
});

const place = (customer: number, key?: string): Promise<Answer> =>
  shop.api('POST', '/api/orders', {
    token: customers[customer]?.token,
    body: { items: [{ productOptionId: optionId, quantity: 1 }] },
    ...(key !== undefined && { headers: { 'idempotency-key': key } }),
  });
const pay = (customer: number, orderId: number): Promise<Answer> =>
  shop.api('POST', `/api/orders/${orderId}/payment`, { token: customers[customer]?.token, body: {} });
const countOf = async (table: string): Promise<number> =>
  (await database.query<{ count: number }>(`SELECT count(*)::int FROM ${table}`)).rows[0]?.count ?? 0;

/** New orders wait in the database until the gate is opened. */
async function closeGate(): Promise<() => Promise<unknown>> {
  await database.query(`
    CREATE FUNCTION public.gate() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_advisory_xact_lock_shared(${GATE}); RETURN NEW; END $$;
    CREATE TRIGGER gate BEFORE INSERT ON shop_order.orders FOR EACH ROW EXECUTE FUNCTION public.gate()`);
  await database.query('SELECT pg_advisory_lock($1)', [GATE]);
  return () => database.query('SELECT pg_advisory_unlock_all(); DROP FUNCTION public.gate() CASCADE');
}

test('under more than the shop can take: what is let in is done, of the rest nothing, and payments go before new orders', async () => {
  const [first, second] = [(await place(GREEDY)).body.orderId, (await place(GREEDY)).body.orderId];
  const [holdsBefore, ordersBefore] = [await countOf('shop_product.stock_hold'), await countOf('shop_order.orders')];
  const openGate = await closeGate();
  const placing = Array.from({ length: GREEDY * ORDERS_EACH }, (_, index) => place(index % GREEDY, `order-${index}`));
  // Turned away at once, while nothing moves behind the gate.
  const turnedAway = (await Promise.race([Promise.any(placing.map(refused)), until('somebody is turned away', () => false)])) as Answer;
  expect(turnedAway.body).toMatchObject({ code: 'OVERLOADED' });
  expect(Number(turnedAway.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);

  const paid = await Promise.all([pay(GREEDY, first), pay(GREEDY, second)]);
  expect(paid.map(({ status }) => status)).toEqual([200, 200]);
  expect((await shop.api('GET', `/api/orders/${first}`, { token: customers[GREEDY]?.token })).body).toMatchObject({ status: 'PAID' });
  await openGate();

  const answers = await Promise.all(placing);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 503]));
  const accepted = answers.filter(({ status }) => status === 201).length;
  expect(accepted).toBeGreaterThanOrEqual(LET_IN_MIN);
  expect((await countOf('shop_order.orders')) - ordersBefore).toBe(accepted);
  expect((await countOf('shop_product.stock_hold')) - holdsBefore).toBe(accepted);

  const mine = answers.flatMap(({ status, body }, index) => (index % GREEDY === 0 && status === 201 ? [body.orderId as number] : []));
  const payments = await Promise.all(mine.map((orderId) => pay(0, orderId)));
  expect(new Set(payments.map(({ status }) => status))).toEqual(new Set([200]));
  const left = new Set(answers.flatMap(({ status }, index) => (status === 503 ? [index] : [])));
  await until('whoever was turned away is let in', async () => {
    await Promise.all([...left].map(async (index) => (await place(index % GREEDY, `order-${index}`)).status === 201 && left.delete(index)));
    return left.size === 0;
  });
});

async function refused(answer: Promise<Answer>): Promise<Answer> {
  const answered = await answer;
  if (answered.status !== 503) throw new Error('let in');
  return answered;
}
