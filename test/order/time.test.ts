import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectCleanBooks } from '../support/books.js';
import { type TestShop, startShop } from '../support/shop.js';

const PATIENCE = { timeout: 30_000, interval: 50 };

let shop: TestShop;
let database: pg.Client;

beforeAll(async () => {
  shop = await startShop();
  database = new pg.Client({ connectionString: shop.databaseUrl });
  await database.connect();
});

afterAll(async () => {
  await database.end();
  await shop.stop();
});

async function ordered({ balance = 10_000, stock = 5, quantity = 2 } = {}) {
  const buyer = await shop.customer(balance);
  const { productId, optionIds } = await shop.product({ price: 1_000, stock: [stock] });
  const body = { items: [{ productOptionId: optionIds[0], quantity }] };
  const { orderId } = (await shop.api('POST', '/api/orders', { token: buyer.token, body })).body;
  return { buyer, productId, orderId: orderId as number };
}

const statusOf = async (token: string, orderId: number): Promise<string> =>
  (await shop.api('GET', `/api/orders/${orderId}`, { token })).body.status;
const optionOf = async (productId: number) => (await shop.api('GET', `/api/products/${productId}`)).body.options[0];
const pay = (token: string, orderId: number) => shop.api('POST', `/api/orders/${orderId}/payment`, { token, body: {} });

/** As if the time to pay had passed. */
async function letOrderRunOut(orderId: number): Promise<void> {
  await database.query(`UPDATE shop_order.orders SET expires_at = now() - interval '1 hour' WHERE order_id = $1`, [orderId]);
}

async function letHoldRunOut(orderId: number): Promise<void> {
  await database.query(`UPDATE shop_product.stock_hold SET expires_at = now() - interval '1 second' WHERE order_id = $1`, [orderId]);
}

/** As a process leaves it that dies right after the payment has begun. */
async function leaveInTheMiddle(orderId: number, userId: number, deadline: string): Promise<number> {
  await database.query(`UPDATE shop_order.orders SET status = 'PAYMENT_PROCESSING' WHERE order_id = $1`, [orderId]);
  const { rows } = await database.query(
    `INSERT INTO shop_order.payment_attempt (order_id, user_id, total_amount, lease_until, deadline_at)
     SELECT order_id, $2, total_amount, now() - interval '1 second', now() + $3::interval FROM shop_order.orders WHERE order_id = $1
     RETURNING payment_id`,
    [orderId, userId, deadline],
  );
  return Number(rows[0].payment_id);
}

describe('an order that is not paid in time', () => {
  test('expires by itself, and its stock is free again', async () => {
    const { buyer, productId, orderId } = await ordered({ stock: 5, quantity: 5 });
    expect(await optionOf(productId)).toMatchObject({ stock: 5, available: 0 });
    await letOrderRunOut(orderId);
    await expect.poll(() => statusOf(buyer.token, orderId), PATIENCE).toBe('EXPIRED');
    await expect.poll(() => optionOf(productId), PATIENCE).toMatchObject({ stock: 5, available: 5 });
    expect(await pay(buyer.token, orderId)).toMatchObject({ status: 422, body: { code: 'ORDER_EXPIRED' } });
    await shop.settle();
    await expectCleanBooks(shop.databaseUrl);
  });

  test('cannot be paid in the moment between its deadline and its expiry', async () => {
    const { buyer, orderId } = await ordered();
    await letOrderRunOut(orderId);
    expect(await pay(buyer.token, orderId)).toMatchObject({ status: 422, body: { code: 'ORDER_EXPIRED' } });
  });

  test('is not paid when only its hold has run out: HOLD_EXPIRED, and nobody has lost anything', async () => {
    const { buyer, productId, orderId } = await ordered();
    await letHoldRunOut(orderId);
    expect(await pay(buyer.token, orderId)).toMatchObject({ status: 422, body: { code: 'HOLD_EXPIRED' } });
    expect((await shop.api('GET', '/api/users/me/balance', { token: buyer.token })).body.balance).toBe(10_000);
    await expect.poll(() => optionOf(productId), PATIENCE).toMatchObject({ stock: 5, available: 5 });
  });
});

describe('a payment that its process has left in the middle', () => {
  test('is taken over and goes through, charged once', async () => {
    const { buyer, productId, orderId } = await ordered();
    await leaveInTheMiddle(orderId, buyer.userId, '1 minute');
    await expect.poll(() => statusOf(buyer.token, orderId), PATIENCE).toBe('PAID');
    expect((await shop.api('GET', '/api/users/me/balance', { token: buyer.token })).body.balance).toBe(8_000);
    expect(await optionOf(productId)).toMatchObject({ stock: 3, available: 3 });
    await shop.settle();
    await expectCleanBooks(shop.databaseUrl);
  });

  test('is rolled back as refused when nobody could pay it', async () => {
    const { buyer, orderId } = await ordered({ balance: 0 });
    await leaveInTheMiddle(orderId, buyer.userId, '1 minute');
    await expect.poll(() => statusOf(buyer.token, orderId), PATIENCE).toBe('PENDING');
    const payment = await shop.api('GET', `/api/orders/${orderId}/payment`, { token: buyer.token });
    expect(payment.body).toMatchObject({ status: 'REFUSED', errorCode: 'INSUFFICIENT_BALANCE' });
  });

  test('gets a last try after its deadline: what was charged already goes forward', async () => {
    const { buyer, orderId } = await ordered();
    await leaveInTheMiddle(orderId, buyer.userId, '-1 second');
    await expect.poll(() => statusOf(buyer.token, orderId), PATIENCE).toBe('PAID');
  });

  test('is given up and rolled back after its deadline when it cannot be charged, and can be paid anew', async () => {
    const { buyer, productId, orderId } = await ordered();
    await database.query('ALTER TABLE shop_user.ledger_entry ADD CONSTRAINT out_of_order CHECK (amount <> -2000) NOT VALID');
    await leaveInTheMiddle(orderId, buyer.userId, '-1 second');
    await expect.poll(() => statusOf(buyer.token, orderId), PATIENCE).toBe('PENDING');
    const payment = await shop.api('GET', `/api/orders/${orderId}/payment`, { token: buyer.token });
    expect(payment.body).toMatchObject({ status: 'REFUSED', errorCode: 'PAYMENT_TIMEOUT' });
    expect(await optionOf(productId)).toMatchObject({ stock: 5, available: 3 });
    await database.query('ALTER TABLE shop_user.ledger_entry DROP CONSTRAINT out_of_order');
    expect(await pay(buyer.token, orderId)).toMatchObject({ status: 200, body: { remainingBalance: 8_000 } });
    await shop.settle();
    await expectCleanBooks(shop.databaseUrl);
  });
});

describe('an order that its process has left half placed', () => {
  test('is found again by the same idempotency key: one hold, one order', async () => {
    const buyer = await shop.customer();
    const { productId, optionIds } = await shop.product({ price: 1_000, stock: [5] });
    const request = {
      token: buyer.token,
      body: { items: [{ productOptionId: optionIds[0], quantity: 5 }] },
      headers: { 'idempotency-key': 'half placed' },
    };
    const first = await shop.api('POST', '/api/orders', request);
    // As a crash leaves it between the hold and the order, with the stored answer lost.
    await database.query('DELETE FROM shop_order.order_line WHERE order_id = $1', [first.body.orderId]);
    await database.query('DELETE FROM shop_order.orders WHERE order_id = $1', [first.body.orderId]);
    await database.query('TRUNCATE shop_http.idempotency_key');
    const second = await shop.api('POST', '/api/orders', request);
    expect(second).toMatchObject({
      status: 201,
      body: { orderId: first.body.orderId, items: first.body.items, expiresAt: first.body.expiresAt },
    });
    await database.query('TRUNCATE shop_http.idempotency_key');
    expect((await shop.api('POST', '/api/orders', request)).body).toEqual(second.body);
    expect(await optionOf(productId)).toMatchObject({ stock: 5, available: 0 });
    await shop.settle();
    await expectCleanBooks(shop.databaseUrl);
  });
});

describe('the live status of an order', () => {
  test('is told as it changes, and the stream ends with the order', async () => {
    const { buyer, orderId } = await ordered();
    const stream = await fetch(`${shop.address}/api/orders/${orderId}/events`, { headers: { authorization: `Bearer ${buyer.token}` } });
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    const told = stream.text();
    expect((await pay(buyer.token, orderId)).status).toBe(200);
    const statuses = [...(await told).matchAll(/"status":"(\w+)"/g)].map(([, status]) => status);
    expect(statuses[0]).toBe('PENDING');
    expect(statuses.at(-1)).toBe('PAID');
  });
});
