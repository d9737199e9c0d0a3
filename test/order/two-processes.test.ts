import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/config.js';
import { type Shop, startShop as openShop } from '../../src/shop.js';
import { expectCleanBooks } from '../support/books.js';
import { startShop, type TestShop } from '../support/shop.js';

const ORDERS = 24;

let one: TestShop;
let other: Shop;
let otherDataDir: string;

beforeAll(async () => {
  one = await startShop();
  otherDataDir = await mkdtemp(join(tmpdir(), 'ordersaga-test-'));
  const config = parseConfig({
    DATABASE_URL: one.databaseUrl,
    DATA_DIR: otherDataDir,
    JWT_SECRET: 'a secret of at least thirty-two characters',
    PORT: '0',
    LOG_LEVEL: 'error',
    RATE_LIMIT_PER_MINUTE: '0',
  });
  other = await openShop(config, () => {});
});

afterAll(async () => {
  await other.stop();
  await one.stop({ deliveredElsewhere: true });
  await rm(otherDataDir, { recursive: true, force: true });
});

async function pay(address: string, orderId: number, token: string): Promise<{ status: number; code: string | undefined }> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const response = await fetch(`${address}/api/orders/${orderId}/payment`, { method: 'POST', headers, body: '{}' });
  return { status: response.status, code: ((await response.json()) as { code?: string }).code };
}

/** The orders that a process has handed to the data platform, a line each. */
async function handedOver(dataDir: string): Promise<number[]> {
  const folder = join(dataDir, 'data-platform');
  const files = await readdir(folder).catch(() => []);
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  const lines = texts.flatMap((text) => text.trim().split('\n'));
  return lines.map((line) => (JSON.parse(line) as { data: { orderId: number } }).data.orderId);
}

test('two processes on one database share the work: orders paid at both at once are charged once, and everything else happens once', async () => {
  const customer = await one.customer(1_000_000);
  const { optionIds } = await one.product({ price: 100, stock: [1_000] });
  const items = [{ productOptionId: optionIds[0], quantity: 1 }];
  const placing = Array.from({ length: ORDERS }, () => one.api('POST', '/api/orders', { token: customer.token, body: { items } }));
  const orderIds = (await Promise.all(placing)).map(({ body }) => body.orderId as number);

  const paid = await Promise.all(
    orderIds.map((orderId) => Promise.all([pay(one.address, orderId, customer.token), pay(other.address, orderId, customer.token)])),
  );
  for (const answers of paid) {
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
    expect(['PAYMENT_IN_PROGRESS', 'ALREADY_PAID']).toContain(answers.find(({ status }) => status === 409)?.code);
  }

  await expectCleanBooks({ ...one, deliveredElsewhere: true });
  const { body } = await one.api('GET', `/api/users/${customer.userId}/balance`, { token: customer.token });
  expect(body.balance).toBe(1_000_000 - ORDERS * 100);
  const handed = [...(await handedOver(one.dataDir)), ...(await handedOver(otherDataDir))];
  expect(handed.toSorted((a, b) => a - b)).toEqual(orderIds.toSorted((a, b) => a - b));
});

test('an order that is cancelled at both at once gives its stock back once', async () => {
  const customer = await one.customer();
  const { optionIds } = await one.product({ price: 100, stock: [10] });
  const items = [{ productOptionId: optionIds[0], quantity: 3 }];
  const { body } = await one.api('POST', '/api/orders', { token: customer.token, body: { items } });
  const cancelled = await Promise.all(
    [one.address, other.address].map((address) =>
      fetch(`${address}/api/orders/${body.orderId}/cancel`, { method: 'POST', headers: { authorization: `Bearer ${customer.token}` } }),
    ),
  );
  expect(cancelled.map(({ status }) => status)).toContain(200);
  await expectCleanBooks({ ...one, deliveredElsewhere: true });
});
