import { createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { ConfigError, parseConfig } from '../../src/config/config.js';
import { CannotListen } from '../../src/http/http-server.js';
import { type Shop, startShop } from '../../src/shop.js';
import { freshDatabase } from '../support/database.js';

const opened: Shop[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((shop) => shop.stop()));
});

async function start(environment: Readonly<Record<string, string>>): Promise<Shop> {
  const config = parseConfig({ JWT_SECRET: 'a secret of at least thirty-two characters', PORT: '0', LOG_LEVEL: 'silent', ...environment });
  const shop = await startShop(config, () => {});
  opened.push(shop);
  return shop;
}

const stopAll = (): Promise<unknown> => Promise.all(opened.splice(0).map((shop) => shop.stop()));

test('a shop keeps its currency for life: another one is refused, naming both', async () => {
  const { url, drop } = await freshDatabase();
  await start({ DATABASE_URL: url, CURRENCY: 'KRW' });
  await stopAll();
  await expect(start({ DATABASE_URL: url, CURRENCY: 'GBP' })).rejects.toThrow(ConfigError);
  await expect(start({ DATABASE_URL: url, CURRENCY: 'GBP' })).rejects.toThrow('CURRENCY is GBP, but this shop keeps its money in KRW');
  await start({ DATABASE_URL: url, CURRENCY: 'KRW' });
  await stopAll();
  await drop();
});

test('a database for a domain that does not exist is refused, naming the variable and the domains', async () => {
  await expect(start({ DATABASE_URL: 'postgres://x@127.0.0.1:1/x', DATABASE_URL_ODER: 'postgres://x@127.0.0.1:1/x' })).rejects.toThrow(
    'DATABASE_URL_ODER names no domain: the domains are order, product, coupon, user, cart',
  );
});

test('a taken port is told in one line, and nothing is left running', async () => {
  const { url, drop } = await freshDatabase();
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as { port: number };
  await expect(start({ DATABASE_URL: url, PORT: String(port) })).rejects.toThrow(CannotListen);
  await expect(start({ DATABASE_URL: url, PORT: String(port) })).rejects.toThrow(`PORT ${port} on 127.0.0.1 is taken`);
  await new Promise((resolve) => taken.close(resolve));
  await drop();
});

test('a domain may live in a database of its own: the shop sells and pays across both', async () => {
  const [main, users] = await Promise.all([freshDatabase({ domains: [] }), freshDatabase({ domains: [] })]);
  const operator = { ADMIN_EMAIL: 'operator@example.com', ADMIN_PASSWORD: 'operator-password' };
  const { address } = await start({ DATABASE_URL: main.url, DATABASE_URL_USER: users.url, RATE_LIMIT_PER_MINUTE: '0', ...operator });
  // oxlint-disable-next-line typescript/no-explicit-any -- looked into at many places
  const post = async (path: string, body: object, token?: string): Promise<any> => {
    const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const response = await fetch(address + path, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(response.ok, path).toBe(true);
    return response.json();
  };
  const { accessToken: staff } = await post('/api/auth/login', { email: operator.ADMIN_EMAIL, password: operator.ADMIN_PASSWORD });
  const { userId, accessToken } = await post('/api/auth/signup', { email: 'customer@example.com', password: 'customer-password' });
  await post(`/api/users/${userId}/balance/charges`, { amount: 500 }, staff);
  const { options } = await post(
    '/api/admin/products',
    { name: 'thing', category: 'things', price: 500, options: [{ name: 'one', stock: 1 }] },
    staff,
  );
  const items = [{ productOptionId: options[0].productOptionId, quantity: 1 }];
  const { orderId } = await post('/api/orders', { items }, accessToken);
  expect(await post(`/api/orders/${orderId}/payment`, {}, accessToken)).toMatchObject({ status: 'PAID', remainingBalance: 0 });
  await stopAll();
  await Promise.all([main.drop(), users.drop()]);
});
