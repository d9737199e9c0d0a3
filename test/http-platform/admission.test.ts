import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { type Answer, type RunningShop, runShop } from './running-shop.js';

/** Half of all places: what one caller may take for what is turned away last, as `slow` is. */
const SHARE = 512;
const LOOKS_MAX = 2_000;

const running: RunningShop[] = [];
async function start(): Promise<RunningShop> {
  const shop = await runShop();
  running.push(shop);
  return shop;
}
afterEach(async () => {
  await Promise.all(
    running.splice(0).map((shop) => {
      shop.doings.open();
      return shop.stop();
    }),
  );
});

const metric = async (shop: RunningShop, line: string): Promise<number> =>
  Number(new RegExp(`^${RegExp.escape(line)} (\\d+)$`, 'm').exec((await shop.send('/metrics', { token: null })).text)?.[1]);

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    if (await condition()) return;
    await sleep(10);
  }
  throw new Error('it never came about');
}

const inside = (shop: RunningShop, lane: string): Promise<number> => metric(shop, `ordersaga_requests_inside{lane="${lane}"}`);
const quick = (shop: RunningShop, token?: string): Promise<Answer> =>
  shop.send('/api/things/optional', { json: {}, ...(token !== undefined && { token }) });

/** User 1 takes all that one caller may have. */
async function greedy(shop: RunningShop, options: { readonly signal?: AbortSignal } = {}): Promise<Promise<number>[]> {
  const headers = { authorization: `Bearer ${await shop.token(1)}` };
  const slow = () => fetch(`${shop.url}/api/things/slow`, { method: 'POST', headers, ...options }).then(({ status }) => status);
  const answers = Array.from({ length: SHARE }, slow);
  await until(async () => (await inside(shop, 'write')) === SHARE);
  return answers;
}

test('who asks too much is told so in full, other callers go on, and what was let in is answered', async () => {
  const shop = await start();
  const answers = await greedy(shop);

  const turnedAway = await quick(shop);
  expect(turnedAway.status).toBe(503);
  expect(turnedAway.json).toMatchObject({ code: 'OVERLOADED', status: 503, instance: '/api/things/optional' });
  expect(turnedAway.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(turnedAway.headers.get('retry-after')).toMatch(/^[123]$/);
  expect(turnedAway.headers.get('x-content-type-options')).toBe('nosniff');
  expect(turnedAway.headers.get('x-request-id')).toBe(turnedAway.json.traceId);
  expect(await metric(shop, 'ordersaga_requests_shed_total{lane="write",reason="share"}')).toBeGreaterThan(0);

  const [other, operator] = await Promise.all([shop.token(2), shop.token(3, 'operator')]);
  expect((await quick(shop, other)).status).toBe(200);
  expect((await quick(shop, operator)).status).toBe(200);
  expect((await shop.send('/api/things/1')).status).toBe(200);
  expect((await shop.send('/health/ready', { token: null })).status).toBe(200);

  shop.doings.open();
  expect(await Promise.all(answers)).toEqual(answers.map(() => 200));
  expect((await quick(shop)).status).toBe(200);
  await until(async () => (await inside(shop, 'write')) === 0);
});

test('a client that hangs up keeps its place for as long as it is being worked for', async () => {
  const shop = await start();
  const hangUp = new AbortController();
  const answers = await greedy(shop, { signal: hangUp.signal });
  hangUp.abort();
  await Promise.allSettled(answers);
  expect(await inside(shop, 'write')).toBe(SHARE);
  expect((await quick(shop)).status).toBe(503);
  shop.doings.open();
  await until(async () => (await inside(shop, 'write')) === 0);
  expect((await quick(shop)).status).toBe(200);
});

test('a stream that is open takes no place', async () => {
  const shop = await start();
  const watching = await fetch(`${shop.url}/api/things/2/events`, { headers: { authorization: `Bearer ${await shop.token()}` } });
  expect(watching.status).toBe(200);
  expect(await inside(shop, 'read')).toBe(0);
  await watching.body?.cancel();
});

test('every way in which a request ends gives its place back', async () => {
  const shop = await start();
  const ways = ['/api/things/1', '/api/things/666', '/api/things/x', '/api/nothing', '/api/%zz', '/api/faults/error', '/api/faults/late'];
  await Promise.all(ways.map((path) => shop.send(path)));
  await shop.send('/api/things/1', { token: null });
  await shop.send('/api/things', { json: { items: 'none' } });
  await shop.send('/api/things', { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } });
  await shop.send('/api/things', { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } });
  await until(async () => (await inside(shop, 'read')) + (await inside(shop, 'write')) === 0);
  expect((await quick(shop)).status).toBe(200);
});
