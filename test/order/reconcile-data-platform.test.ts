import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dataPlatformCommand } from '../../src/cli/data-platform-command.js';
import type { Reconciliation } from '../../src/order/application/reconcile-data-platform.use-case.js';
import { type ReceivingServer, TAKES_ALL, startReceivingServer } from '../contracts/data-platform/receiving-server.js';
import { query } from '../support/embedded.js';
import { type TestShop, startShop } from '../support/shop.js';

const ORDERS = 4;
const ALL_TIME = ['--from', '2000-01-01', '--to', '2100-01-01'];

let shop: TestShop;
let server: ReceivingServer;
let orderIds: number[];

beforeAll(async () => {
  [shop, server] = await Promise.all([startShop(), startReceivingServer()]);
  const buyer = await shop.customer(ORDERS * 1_000);
  const { optionIds } = await shop.product({ price: 1_000, stock: [ORDERS] });
  const pay = async (): Promise<number> => {
    const body = { items: [{ productOptionId: optionIds[0], quantity: 1 }] };
    const { orderId } = (await shop.api('POST', '/api/orders', { token: buyer.token, body })).body;
    await shop.api('POST', `/api/orders/${orderId}/payment`, { token: buyer.token, body: {} });
    return orderId;
  };
  orderIds = (await Promise.all(Array.from({ length: ORDERS }, pay))).toSorted((a, b) => a - b);
  await shop.settle();
});

afterAll(() => Promise.all([shop.stop(), server.close()]));

/** All is well again before each test. */
beforeEach(async () => {
  server.behave(TAKES_ALL);
  server.requests.length = 0;
  await reconcile('--backfill');
  await query(shop.databaseUrl, `DELETE FROM shop_order.data_platform_ack WHERE adapter = 'http'`);
});

async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const written = { out: '', err: '' };
  const into = (name: keyof typeof written) => ({ write: (text: string) => (written[name] += text) });
  const shopEnv = { DATABASE_URL: shop.databaseUrl, DATA_DIR: shop.dataDir, ...env };
  const code = await dataPlatformCommand(args, shopEnv, into('out'), into('err'));
  return { code, ...written };
}

const reconcile = (...args: string[]) => run(['reconcile', ...ALL_TIME, ...args]);
const overHttp = () => ({ DATA_PLATFORM_URL: server.url, DATA_PLATFORM_SECRET: server.secret });
const reportOf = ({ out }: { out: string }): Reconciliation => JSON.parse(out) as Reconciliation;
const forget = (orderId: number | undefined) =>
  query(shop.databaseUrl, `DELETE FROM shop_order.data_platform_ack WHERE order_id = ${orderId}`);

async function file(): Promise<string> {
  const folder = join(shop.dataDir, 'data-platform');
  return join(folder, (await readdir(folder))[0] ?? '');
}
const linesOf = async (orderId: number | undefined): Promise<string[]> =>
  (await readFile(await file(), 'utf8')).split('\n').filter((line) => line.includes(`"order.processed:${orderId}"`));

test('nothing is missing where every order was acknowledged, and is there', async () => {
  expect(await reconcile()).toMatchObject({
    code: 0,
    err: '',
    out: expect.stringMatching(/^4 order\(s\) paid .*: file\nnothing is missing\n$/),
  });
});

test('an order without an acknowledgement is told, and sent again under the same event id', async () => {
  const [lost] = orderIds;
  const [line] = await linesOf(lost);
  await forget(lost);
  const told = await reconcile('--json');
  expect(told.code).toBe(1);
  const eventId = `order.processed:${lost}`;
  const gap = { orderId: lost, eventId, why: 'NOT_ACKNOWLEDGED', backfill: null };
  expect(reportOf(told)).toMatchObject({ adapter: 'file', paidOrders: ORDERS, gapsFound: 1, gapsLeft: 1, gaps: [gap] });

  const sent = await reconcile('--backfill');
  expect(sent).toMatchObject({ code: 0, out: expect.stringContaining('1 missing, 1 sent again, 0 left') });
  const [first = '', again = ''] = (await linesOf(lost)).slice(-2);
  expect(JSON.parse(again)).toEqual({ ...JSON.parse(first), time: JSON.parse(again).time });
  expect(line).toBeDefined();
  expect((await reconcile()).code).toBe(0);
});

test('an order that was acknowledged, but whose line is gone, is told and written again', async () => {
  const lost = orderIds[1];
  const text = await readFile(await file(), 'utf8');
  await writeFile(
    await file(),
    text
      .split('\n')
      .filter((line) => !line.includes(`"order.processed:${lost}"`))
      .join('\n'),
  );
  const told = await reconcile();
  expect(told).toMatchObject({ code: 1, out: expect.stringMatching(new RegExp(`^order ${lost}, .*: acknowledged, but not there$`, 'm')) });
  expect((await reconcile('--backfill')).code).toBe(0);
  expect(await linesOf(lost)).toHaveLength(1);
});

describe('over HTTP', () => {
  test('what only another adapter has acknowledged is missing; what it rejects stays missing, with its reason', async () => {
    const rejected = `order.processed:${orderIds[2]}`;
    server.behave(() => ({ status: 200, body: JSON.stringify({ rejected: [{ id: rejected, reason: 'unknown customer' }] }) }));
    const first = await run(['reconcile', ...ALL_TIME, '--backfill', '--json'], overHttp());
    expect(first.code).toBe(1);
    expect(reportOf(first)).toMatchObject({ adapter: 'http', gapsFound: ORDERS, gapsLeft: 1 });
    expect(reportOf(first).gaps.map(({ backfill }) => backfill)).toEqual([
      'SENT',
      'SENT',
      'the data platform rejected it: unknown customer',
      'SENT',
    ]);

    server.behave(TAKES_ALL);
    expect((await run(['reconcile', ...ALL_TIME, '--backfill'], overHttp())).code).toBe(0);
    expect(server.requests.at(-1)?.events.map(({ id }) => id)).toEqual([rejected]);
  });

  test('a data platform that is away ends it with what to do', async () => {
    server.behave(() => ({ status: 503 }));
    const { code, err } = await run(['reconcile', ...ALL_TIME, '--backfill'], overHttp());
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(/^ordersaga: the data platform answered 503\. .*repeat it\n$/) });
  });
});

test('orders of other times are none of its business', async () => {
  await forget(orderIds[3]);
  const outside = await run(['reconcile', '--from', '2000-01-01', '--to', '2001-01-01']);
  expect(outside).toMatchObject({ code: 0, out: expect.stringContaining('0 order(s)') });
});

test('thousands of orders are gone through in rounds', async () => {
  const many = 2_500;
  await query(
    shop.databaseUrl,
    `INSERT INTO shop_order.orders (order_id, user_id, status, total_amount, discount_amount, final_amount, currency, payment_id, expires_at, paid_at)
     SELECT 1000000 + n, 1, 'PAID', 0, 0, 0, 'KRW', 1000000 + n, now(), '1999-06-01' FROM generate_series(1, ${many}) AS n`,
  );
  const told = await run(['reconcile', '--from', '1999-01-01', '--to', '2000-01-01', '--json']);
  expect(reportOf(told)).toMatchObject({ paidOrders: many, gapsFound: many, gapsLeft: many });
  expect(new Set(reportOf(told).gaps.map(({ orderId }) => orderId)).size).toBe(many);
  // Nobody has sold these: the books would not be clean.
  await query(shop.databaseUrl, 'DELETE FROM shop_order.orders WHERE order_id > 1000000');
});

test.each([
  [[], /say what to do: reconcile/],
  [['reconcile'], /say from when on/],
  [['reconcile', '--from', 'yesterday'], /--from must be a time/],
  [['reconcile', '--from', '2026-11-30T09:00'], /--from must be a time/],
  [['reconcile', '--from', '2026-11-30', '--to', '2026-11-29'], /--from must be before --to/],
  [['reconcile', '--form', '2026-11-30'], /Unknown option '--form'/],
])('wrong use is one line that tells the remedy: %j', async (args, says) => {
  const { code, err } = await run(args);
  expect(code).toBe(2);
  expect(err).toMatch(says);
  expect(err.trimEnd().split('\n')).toHaveLength(1);
});

test('--help tells all of it', async () => {
  const { code, out } = await run(['--help']);
  expect(code).toBe(0);
  for (const option of ['--from', '--to', '--backfill', '--json']) expect(out).toContain(option);
});
