import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ReceivingServer, TAKES_ALL, startReceivingServer } from '../contracts/data-platform/receiving-server.js';
import { query } from '../support/embedded.js';
import { type TestShop, startShop } from '../support/shop.js';

const WAIT_MS_MAX = 30_000;

let server: ReceivingServer;
let shop: TestShop;

beforeEach(async () => {
  server = await startReceivingServer();
  shop = await startShop({ DATA_PLATFORM_URL: server.url, DATA_PLATFORM_SECRET: server.secret, LOG_LEVEL: 'silent' });
});

afterEach(async () => {
  await shop.stop();
  await server.close();
});

/** @returns the ids of their events. */
async function payOrders(count: number): Promise<string[]> {
  const buyer = await shop.customer(count * 1_000);
  const { optionIds } = await shop.product({ price: 1_000, stock: [count] });
  const pay = async (): Promise<string> => {
    const body = { items: [{ productOptionId: optionIds[0], quantity: 1 }] };
    const { orderId } = (await shop.api('POST', '/api/orders', { token: buyer.token, body })).body;
    const paid = await shop.api('POST', `/api/orders/${orderId}/payment`, { token: buyer.token, body: {} });
    expect(paid).toMatchObject({ status: 200, body: { status: 'PAID' } });
    return `order.processed:${orderId}`;
  };
  return Promise.all(Array.from({ length: count }, pay));
}

async function undelivered(): Promise<number> {
  const metrics = await (await fetch(`${shop.address}/metrics`)).text();
  return Number(/^ordersaga_undelivered_events\{subscriber="order\.data-platform".*\} (\d+)$/m.exec(metrics)?.[1]);
}

const acknowledged = async (): Promise<string[]> =>
  (await query<{ event_id: string }>(shop.databaseUrl, `SELECT event_id FROM shop_order.data_platform_ack WHERE adapter = 'http'`))
    .map(({ event_id }) => event_id)
    .toSorted();

const timesSent = (id: string): number => server.requests.flatMap(({ events }) => events).filter((event) => event.id === id).length;

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const giveUpAt = Date.now() + WAIT_MS_MAX; Date.now() < giveUpAt; await sleep(10)) if (await holds()) return;
  throw new Error(`it never came true that ${what}`);
}

test('paid orders arrive once each, and their acknowledgements are kept', async () => {
  const ids = await payOrders(20);
  await shop.settle();
  expect(ids.map(timesSent)).toEqual(ids.map(() => 1));
  expect(await acknowledged()).toEqual(ids.toSorted());
});

test('while the data platform is away payments go on, the lag grows, and when it is back every order arrives', async () => {
  server.behave(() => ({ status: 503 }));
  const first = await payOrders(5);
  await until('the lag is seen', async () => (await undelivered()) === 5);
  await until('the circuit has opened', () => server.requests.length >= 5);
  const later = await payOrders(5);
  await until('the lag has grown', async () => (await undelivered()) === 10);
  expect(await acknowledged()).toEqual([]);
  expect((await shop.api('GET', '/api/admin/dead-letters', { token: await shop.operatorToken() })).body.items).toEqual([]);

  const asked = server.requests.length;
  server.behave(TAKES_ALL);
  await until('all have arrived', async () => (await undelivered()) === 0);
  const arrived = server.requests.slice(asked).flatMap(({ events }) => events.map(({ id }) => id));
  expect(arrived.toSorted()).toEqual([...first, ...later].toSorted());
  expect(await acknowledged()).toEqual(arrived.toSorted());
});

test('an order that is not accepted is tried again alone, and its neighbours are not sent twice', async () => {
  server.behave(() => ({ status: 503 }));
  const ids = await payOrders(8);
  const [poison = '', ...neighbours] = ids;
  const rejected = JSON.stringify({ rejected: [{ id: poison, reason: 'unknown customer' }] });
  const asked = server.requests.length;
  server.behave(({ events }) => ({ status: 200, body: events.some(({ id }) => id === poison) ? rejected : '' }));
  await until('the neighbours have arrived', async () => (await acknowledged()).length === neighbours.length);
  await until('the order is parked', async () => (await parkedErrors()).length === 1);
  expect(await parkedErrors()).toEqual([`${poison}: the data platform rejected it: unknown customer`]);
  const sent = server.requests.slice(asked).flatMap(({ events }) => events.map(({ id }) => id));
  for (const id of neighbours) expect(sent.filter((each) => each === id)).toHaveLength(1);

  server.behave(TAKES_ALL);
  await until('it is accepted in the end', async () => (await acknowledged()).includes(poison));
  await shop.settle();
  expect(await parkedErrors()).toEqual([]);
});

const parkedErrors = async (): Promise<string[]> =>
  (await query<{ message: string }>(shop.databaseUrl, `SELECT failures->-1->>'message' AS message FROM shop_order.event_parked`)).map(
    ({ message }) => message,
  );
