import { afterAll, beforeAll, expect, test } from 'vitest';
import pg from 'pg';
import { type RunningRedis, startRedis } from '../../infra/redis.js';
import { Redis } from '../../src/redis/redis.js';
import { expectCleanBooks } from '../support/books.js';
import { connected, connectedRedis, describeWithRedis } from '../support/redis.js';
import { startShop, type TestShop } from '../support/shop.js';

const PATIENCE = { timeout: 20_000, interval: 20 };

describeWithRedis('a shop with Redis', () => {
  let server: RunningRedis;
  let tool: Redis;
  let shop: TestShop;

  beforeAll(async () => {
    server = await startRedis();
    tool = await connectedRedis({ url: server.url, keyPrefix: 'shop:' });
    shop = await startShop({ REDIS_URL: server.url, REDIS_KEY_PREFIX: 'shop:' });
    await connected(shop.shop.server.app.get(Redis));
  });
  afterAll(async () => {
    await expectCleanBooks(shop);
    tool.close();
    await shop.stop();
    await server.stop();
  });

  const order = async (token: string, productOptionId: number | undefined): Promise<number> => {
    const placed = await shop.api('POST', '/api/orders', { token, body: { items: [{ productOptionId, quantity: 1 }] } });
    expect(placed.status).toBe(201);
    return placed.body.orderId as number;
  };
  const pay = (token: string, orderId: number) => shop.api('POST', `/api/orders/${orderId}/payment`, { token, body: {} });
  const redisPart = async () => (await shop.api('GET', '/health/ready')).body.details.redis as unknown;

  /** Holds up payments at the charge, as a slow database does. */
  async function whileChargesWait(userId: number, work: () => Promise<void>): Promise<void> {
    const client = new pg.Client({ connectionString: shop.databaseUrl });
    await client.connect();
    try {
      await client.query('BEGIN');
      await client.query('SELECT FROM shop_user.account WHERE id = $1 FOR UPDATE', [userId]);
      await work();
    } finally {
      await client.query('ROLLBACK');
      await client.end();
    }
  }

  test('holds the lock payment:order:{id} while it pays, and not longer', async () => {
    const { token, userId } = await shop.customer(1_000);
    const { optionIds } = await shop.product({ price: 100, stock: [10] });
    const orderId = await order(token, optionIds[0]);
    const remaining = () => tool.command((client) => client.pTTL(`payment:order:${orderId}`));
    let paying: ReturnType<typeof pay> | undefined;
    await whileChargesWait(userId, async () => {
      paying = pay(token, orderId);
      await expect.poll(remaining, PATIENCE).toBeGreaterThan(0);
      expect(await remaining()).toBeLessThanOrEqual(10_000);
      expect(await pay(token, orderId)).toMatchObject({ status: 409, body: { code: 'PAYMENT_IN_PROGRESS' } });
    });
    expect(await paying).toMatchObject({ status: 200, body: { status: 'PAID' } });
    await expect.poll(remaining, PATIENCE).toBe(-2);
  });

  test('a holder whose lock has ended in the middle of the payment does no harm: the order itself is guarded (O1)', async () => {
    const { token, userId } = await shop.customer(1_000);
    const { optionIds } = await shop.product({ price: 100, stock: [10] });
    const orderId = await order(token, optionIds[0]);
    const key = `payment:order:${orderId}`;
    let late: ReturnType<typeof pay> | undefined;
    let second: Awaited<ReturnType<typeof pay>> | undefined;
    await whileChargesWait(userId, async () => {
      late = pay(token, orderId);
      await expect.poll(() => tool.command((client) => client.del(key)), PATIENCE).toBe(1);
      second = await pay(token, orderId);
    });
    expect(second).toMatchObject({ status: 409, body: { code: 'PAYMENT_IN_PROGRESS' } });
    expect(await late).toMatchObject({ status: 200, body: { status: 'PAID', remainingBalance: 900 } });
    expect(await pay(token, orderId)).toMatchObject({ status: 409, body: { code: 'ALREADY_PAID' } });
    expect((await shop.api('GET', '/api/users/me/balance', { token })).body.balance).toBe(900);
  });

  test('pays while it hangs (Z1)', async () => {
    const { token } = await shop.customer(1_000);
    const { optionIds } = await shop.product({ price: 100, stock: [10] });
    const orderId = await order(token, optionIds[0]);
    server.pause();
    try {
      expect(await pay(token, orderId)).toMatchObject({ status: 200, body: { status: 'PAID' } });
      expect(await redisPart()).toMatchObject({ status: 'degraded' });
    } finally {
      server.resume();
    }
    await expect.poll(redisPart, PATIENCE).toEqual({ status: 'up' });
    await connected(tool);
  });

  test('goes on without it: payments, coupons, ranking; and tells so', async () => {
    const { token } = await shop.customer(1_000);
    const { optionIds, productId } = await shop.product({ price: 100, stock: [10] });
    const body = { name: 'Ten off', discountRate: 10, quantity: 5, expiresAt: new Date(Date.now() + 86_400_000).toISOString() };
    const coupon = await shop.api('POST', '/api/admin/coupons', { token: await shop.operatorToken(), body });
    expect(await redisPart()).toEqual({ status: 'up' });

    await server.kill();
    await expect.poll(redisPart, PATIENCE).toMatchObject({ status: 'degraded' });
    expect(await shop.api('GET', '/health/ready')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await (await fetch(`${shop.address}/metrics`)).text()).toContain('ordersaga_redis_up 0');
    expect(await pay(token, await order(token, optionIds[0]))).toMatchObject({ status: 200 });
    expect(await shop.api('POST', `/api/coupons/${coupon.body.couponId}/issue`, { token })).toMatchObject({
      status: 201,
      body: { admission: 1 },
    });
    await shop.settle();
    const ranking = async () => (await shop.api('GET', '/api/products/top')).body.items as { productId: number; salesCount: number }[];
    expect(await ranking()).toContainEqual(expect.objectContaining({ productId, salesCount: 1 }));

    await server.restart();
    await expect.poll(redisPart, PATIENCE).toEqual({ status: 'up' });
    expect(await shop.api('POST', `/api/coupons/${coupon.body.couponId}/issue`, { token })).toMatchObject({
      status: 409,
      body: { code: 'ALREADY_ISSUED', admission: 1 },
    });
    expect(await ranking()).toContainEqual(expect.objectContaining({ productId, salesCount: 1 }));
  });
});

describeWithRedis('a shop that is set to refuse rushes without Redis', () => {
  test('answers 503 with Retry-After while Redis is away, and payments go on', async () => {
    const shop = await startShop({ REDIS_URL: 'redis://127.0.0.1:1', COUPON_GATE_WITHOUT_REDIS: 'refuse' });
    const { token } = await shop.customer(1_000);
    const { optionIds } = await shop.product({ price: 100, stock: [10] });
    const refused = await shop.api('POST', '/api/coupons/1/issue', { token });
    expect(refused).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
    expect(refused.headers.get('retry-after')).toBe('2');
    const placed = await shop.api('POST', '/api/orders', { token, body: { items: [{ productOptionId: optionIds[0], quantity: 1 }] } });
    expect(await shop.api('POST', `/api/orders/${placed.body.orderId}/payment`, { token, body: {} })).toMatchObject({ status: 200 });
    await shop.stop();
  });
});
