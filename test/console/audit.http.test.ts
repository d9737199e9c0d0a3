import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestShop, startShop } from '../support/shop.js';

let shop: TestShop;
let token: string;
let customer: Awaited<ReturnType<TestShop['customer']>>;
let database: pg.Client;

beforeAll(async () => {
  shop = await startShop();
  token = await shop.operatorToken();
  customer = await shop.customer(1_000);
  database = new pg.Client({ connectionString: shop.databaseUrl });
  await database.connect();
});

afterAll(async () => {
  await database.end();
  await shop.stop();
});

test('an operator gets the report', async () => {
  const { status, body } = await shop.api('GET', '/api/admin/audit', { token });
  expect(status).toBe(200);
  expect(body).toMatchObject({ clean: true, violations: 0, census: { accounts: 2, ledgerEntries: 1 } });
  expect(body.databases).toEqual([
    { name: expect.stringMatching(/\/test_\w+$/), domains: expect.arrayContaining(['order', 'user']), at: body.at },
  ]);
  expect(body.checks.find(({ id }: { id: string }) => id === '1.3')).toMatchObject({
    examined: 2,
    examinedWhat: 'accounts',
    violations: { total: 0, listed: [] },
  });
});

test('a violation is a finding, and no error of the request', async () => {
  await database.query('UPDATE shop_user.account SET balance = balance + 1 WHERE balance > 0');
  const { status, body } = await shop.api('GET', '/api/admin/audit', { token });
  await database.query('UPDATE shop_user.account SET balance = balance - 1 WHERE balance > 0');
  expect(status).toBe(200);
  expect(body).toMatchObject({ clean: false, violations: 1 });
});

test('one at a time: a second one is told to come later', async () => {
  // As a migration does it: the audit waits at its first check.
  await database.query('BEGIN; LOCK TABLE shop_user.contra_entry');
  const first = shop.api('GET', '/api/admin/audit', { token });
  const waiting = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'shop_user.contra_entry'::regclass`;
  await expect.poll(async () => (await database.query(waiting)).rowCount, { timeout: 20_000 }).toBe(1);
  const second = await shop.api('GET', '/api/admin/audit', { token });
  await database.query('COMMIT');
  expect(second).toMatchObject({ status: 409, body: { code: 'AUDIT_IN_PROGRESS' } });
  expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await first).status).toBe(200);
  expect((await shop.api('GET', '/api/admin/audit?settled=true', { token })).status).toBe(200);
});

test('it is for operators only', async () => {
  expect(await shop.api('GET', '/api/admin/audit', { token: customer.token })).toMatchObject({ status: 403 });
  expect(await shop.api('GET', '/api/admin/audit')).toMatchObject({ status: 401 });
});
