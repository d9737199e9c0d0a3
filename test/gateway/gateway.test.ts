import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PARTS } from '../../src/app.module.js';
import { createGateway } from '../../src/cli/gateway/gateway.js';
import { routesOf } from '../../src/cli/gateway/routes.js';
import { type TestShop, startShop } from '../support/shop.js';

const BODY_BYTES_MAX = 1_048_576;

let shop: TestShop;
/** An address at which nobody listens. */
let nobody: string;
const gateways: FastifyInstance[] = [];

beforeAll(async () => {
  shop = await startShop();
  nobody = await freeAddress();
});

afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.close()));
  await shop.stop();
});

async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => void server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

/** Every part of the shop is served by the one process of the test, but for those said otherwise. */
async function gatewayBefore(others: Readonly<Record<string, readonly string[]>> = {}): Promise<string> {
  const gateway = createGateway(new Map(Object.keys(PARTS).map((part) => [part, others[part] ?? [shop.address]])));
  gateways.push(gateway);
  return gateway.listen({ host: '127.0.0.1', port: 0 });
}

const post = (address: string, token: string, body: unknown): Promise<Response> =>
  fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });

describe('in front of all services', () => {
  let gateway: string;

  beforeAll(async () => {
    gateway = await gatewayBefore();
  });

  test('an order is placed and paid as without it', async () => {
    const { token } = await shop.customer(1_000);
    const { optionIds } = await shop.product({ price: 400, stock: [5] });
    const placed = await post(`${gateway}/api/orders`, token, { items: [{ productOptionId: optionIds[0], quantity: 2 }] });
    expect(placed.status).toBe(201);
    const { orderId } = (await placed.json()) as { orderId: number };
    const paid = await post(`${gateway}/api/orders/${orderId}/payment`, token, {});
    expect(await paid.json()).toMatchObject({ status: 'PAID', paidAmount: 800, remainingBalance: 200 });
    const listed = await fetch(`${gateway}/api/users/me/orders?status=PAID&limit=1`, { headers: { authorization: `Bearer ${token}` } });
    expect(await listed.json()).toMatchObject({ items: [{ orderId }] });
  });

  test('live streams come through while they run', async () => {
    const { token } = await shop.customer(1_000);
    const { optionIds } = await shop.product({ price: 400, stock: [5] });
    const placed = await post(`${gateway}/api/orders`, token, { items: [{ productOptionId: optionIds[0], quantity: 1 }] });
    const { orderId } = (await placed.json()) as { orderId: number };
    const stream = await fetch(`${gateway}/api/orders/${orderId}/events`, { headers: { authorization: `Bearer ${token}` } });
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    await post(`${gateway}/api/orders/${orderId}/payment`, token, {});
    // The stream ends by itself when the order is paid.
    expect(await stream.text()).toContain('"status":"PAID"');
  });

  test('what the services refuse comes back as they said it', async () => {
    const malformed = await fetch(`${gateway}/api/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"email": ',
    });
    expect(malformed.status).toBe(400);
    expect(await malformed.json()).toMatchObject({ code: 'VALIDATION_FAILED', instance: '/api/auth/login' });
    const nobodys = await fetch(`${gateway}/api/users/me/balance`);
    expect(await nobodys.json()).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('its own refusals are problems, too', async () => {
    const large = await fetch(`${gateway}/api/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: 'x'.repeat(BODY_BYTES_MAX + 1),
    });
    expect(await large.json()).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
    const unknown = await fetch(`${gateway}/api/nothing?secret=1`);
    expect(await unknown.json()).toMatchObject({ status: 404, code: 'NOT_FOUND', instance: '/api/nothing' });
  });

  test('it knows every route that the services document, and documents them all', async () => {
    const ofShop = (await (await fetch(`${shop.address}/docs/openapi.json`)).json()) as { paths: Record<string, object> };
    const ofGateway = (await (await fetch(`${gateway}/docs/openapi.json`)).json()) as { paths: Record<string, object> };
    expect(ofGateway.paths).toEqual(ofShop.paths);
    const documented = Object.entries(ofShop.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    );
    const routed = routesOf(PARTS).map(({ method, url }) => `${method} ${url}`);
    expect(routed.toSorted()).toEqual(documented.filter((route) => route.includes('/api/')).toSorted());
    expect((await fetch(`${gateway}/docs`)).headers.get('content-type')).toContain('text/html');
    expect((await fetch(`${gateway}/docs/swagger-ui-bundle.js`)).status).toBe(200);
  });
});

test('an instance that is down is passed over, for writes as well: a connection that never came about did nothing', async () => {
  const gateway = await gatewayBefore({ user: [nobody, shop.address] });
  for (let customer = 0; customer < 4; customer++) {
    const body = { email: `through-${customer}@example.com`, password: 'a long password' };
    expect((await post(`${gateway}/api/auth/signup`, '', body)).status).toBe(201);
  }
});

test('a service that is missing is named, with the advice to come again; the others go on', async () => {
  const gateway = await gatewayBefore({ coupon: [nobody] });
  const coupons = await fetch(`${gateway}/api/coupons`);
  expect(coupons.headers.get('retry-after')).toBe('1');
  expect(await coupons.json()).toMatchObject({ status: 503, code: 'UNAVAILABLE', detail: expect.stringContaining('coupon') });
  expect((await fetch(`${gateway}/api/products`)).status).toBe(200);
});

test('readiness tells which service is missing, and why', async () => {
  const whole = await fetch(`${await gatewayBefore()}/health/ready`);
  expect({ status: whole.status, body: await whole.json() }).toMatchObject({ status: 200, body: { status: 'ok' } });
  const gateway = await gatewayBefore({ product: [nobody] });
  const partly = await fetch(`${gateway}/health/ready`);
  expect({ status: partly.status, body: await partly.json() }).toMatchObject({
    status: 503,
    body: {
      status: 'error',
      details: { product: { status: 'down', instances: [{ address: nobody, missing: 'does not answer' }] }, order: { status: 'up' } },
    },
  });
});
