import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/config.js';
import { refuseImpossibleParts } from '../../src/served-parts.js';
import { expectCleanBooks } from '../support/books.js';
import { startShop } from '../support/shop.js';

const DAYS_FILE = /^paid-orders-.+\.ndjson$/;

test('a side effect runs in a worker of its own, apart from the API', async () => {
  const api = await startShop({ DOMAINS: '-order.data-platform' });
  const customer = await api.customer(10_000);
  const { optionIds } = await api.product({ price: 1_000, stock: [10] });
  const items = [{ productOptionId: optionIds[0], quantity: 1 }];
  const { orderId } = (await api.api('POST', '/api/orders', { token: customer.token, body: { items } })).body;
  expect((await api.api('POST', `/api/orders/${orderId}/payment`, { token: customer.token, body: {} })).status).toBe(200);
  await api.settle();

  expect(await handedOver(api.dataDir)).toEqual([]);

  const worker = await startShop({ DOMAINS: 'order.data-platform', DATABASE_URL: api.databaseUrl, DATA_DIR: api.dataDir });
  await worker.settle();
  expect(await handedOver(api.dataDir)).toEqual([orderId]);
  expect((await worker.api('GET', '/api/products')).status).toBe(404);
  expect((await worker.api('GET', '/health/ready')).status).toBe(200);
  // Its books are those of the API.
  await worker.stop({ audit: false });
  await expectCleanBooks(api);
  await api.stop();
});

async function handedOver(dataDir: string): Promise<number[]> {
  const files = await readdir(join(dataDir, 'data-platform')).catch(() => []);
  const texts = await Promise.all(
    files.filter((name) => DAYS_FILE.test(name)).map((name) => readFile(join(dataDir, 'data-platform', name), 'utf8')),
  );
  return texts.flatMap((text) => text.trim().split('\n')).map((line) => (JSON.parse(line) as { data: { orderId: number } }).data.orderId);
}

test.each([
  ['orders', 'DOMAINS names orders, which does not exist. There are order, product,'],
  ['order.fly', 'DOMAINS names order.fly, which does not exist. There are '],
  ['-order.fly', 'DOMAINS names order.fly, which does not exist. There are '],
  ['user.deduct-balance', 'DOMAINS names user.deduct-balance, which answers requests and is not a side effect.'],
  ['-user.deduct-balance', 'DOMAINS names user.deduct-balance, which answers requests and is not a side effect.'],
  ['order,product', 'can only be reached over Kafka. Set KAFKA_BROKERS, or unset DOMAINS.'],
])('DOMAINS=%s is one clear line', (domains, line) => {
  expect(() => refuseImpossibleParts(parseConfig({ DOMAINS: domains }))).toThrow(line);
});

test.each(['', 'order.data-platform', '-order.data-platform', 'order.data-platform,product.rank-sales'])(
  'DOMAINS=%j can be served',
  (domains) => {
    expect(() => refuseImpossibleParts(parseConfig({ DOMAINS: domains }))).not.toThrow();
  },
);
