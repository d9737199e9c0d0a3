import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sql } from '../../src/database/database.js';
import { IdempotencyStore } from '../../src/http/idempotency/idempotency-store.js';
import { keyedRequests } from './keyed-requests.js';
import { type RunningShop, runShop } from './running-shop.js';

let shop: RunningShop;
beforeAll(async () => void (shop = await runShop()));
afterAll(() => shop.stop());
beforeEach(() => {
  shop.doings.runs = 0;
  shop.doings.close();
});

const { order, place, slow, rowsOf, age } = keyedRequests(() => shop);

test('a repeat gets the stored answer, and the handler ran once', async () => {
  const key = randomUUID();
  const first = await place(key);
  const repeat = await place(key, { items: [{ quantity: 2, productOptionId: 1 }] });
  expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([201, null]);
  expect([repeat.status, repeat.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
  expect(repeat.json).toEqual(first.json);
  expect(repeat.headers.get('content-type')).toBe(first.headers.get('content-type'));
  expect(first.json.key).toBe(key);
  expect(shop.doings.runs).toBe(1);
});

test('a refusal is stored like any answer', async () => {
  const key = randomUUID();
  const first = await place(key, order(13));
  const repeat = await place(key, order(13));
  expect(repeat.status).toBe(422);
  expect(repeat.headers.get('content-type')).toContain('application/problem+json');
  expect(repeat.json).toEqual(first.json);
  expect(shop.doings.runs).toBe(1);
});

test('the key with another body or at another address is 422', async () => {
  const key = randomUUID();
  await place(key);
  expect((await place(key, order(3))).json).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
  const query = await shop.send('/api/things?x=1', { json: order(2), headers: { 'idempotency-key': key } });
  expect(query.json).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
  expect(shop.doings.runs).toBe(1);
});

test('the same key of another user, or of another route, is another key', async () => {
  const key = randomUUID();
  await place(key);
  expect((await place(key, order(2), await shop.token(2))).status).toBe(201);
  shop.doings.open();
  expect((await slow(key)).status).toBe(200);
  expect(shop.doings.runs).toBe(3);
});

test('while the first runs a repeat is 409; afterwards it gets the answer', async () => {
  const key = randomUUID();
  const first = slow(key);
  await shop.doings.entered.promise;
  const early = await slow(key);
  expect(early.json).toMatchObject({ status: 409, code: 'IDEMPOTENCY_IN_FLIGHT' });
  expect(early.headers.get('retry-after')).toBe('1');
  shop.doings.open();
  expect((await first).json).toEqual({ number: 1 });
  expect((await slow(key)).json).toEqual({ number: 1 });
  expect(shop.doings.runs).toBe(1);
});

test('of 20 requests at once one runs', async () => {
  const key = randomUUID();
  const answers = await Promise.all(Array.from({ length: 20 }, () => place(key)));
  expect(shop.doings.runs).toBe(1);
  for (const { status } of answers) expect(status).toBeOneOf([201, 409]);
  expect(answers.filter(({ status }) => status === 201).every(({ json }) => json.run === 1)).toBe(true);
});

test('a client that hangs up does not stop the work, and gets the answer when it comes back', async () => {
  const key = randomUUID();
  const hangUp = new AbortController();
  const headers = { authorization: `Bearer ${await shop.token()}`, 'idempotency-key': key };
  const abandoned = fetch(`${shop.url}/api/things/slow`, { method: 'POST', headers, signal: hangUp.signal });
  await shop.doings.entered.promise;
  hangUp.abort();
  await expect(abandoned).rejects.toThrow('aborted');
  // A round trip later the server has seen the end of the connection.
  await shop.send('/health/live');
  shop.doings.open();
  await expect.poll(() => rowsOf(key)).toEqual([{ status: 200 }]);
  expect((await slow(key)).json).toEqual({ number: 1 });
  expect(shop.doings.runs).toBe(1);
});

test('a fault frees the key, so the repeat runs', async () => {
  const key = randomUUID();
  expect((await place(key, order(500))).status).toBe(500);
  expect(await rowsOf(key)).toEqual([]);
  expect((await place(key)).status).toBe(201);
});

test('an invalid request does not use the key up', async () => {
  const key = randomUUID();
  expect((await place(key, order(0))).status).toBe(400);
  expect((await place(key, order(1))).status).toBe(201);
});

test('keys are forgotten after 24 hours, whether the purge came or not', async () => {
  const key = randomUUID();
  await place(key);
  await age(key, '24 hours 1 second');
  expect((await place(key, order(3))).status).toBe(201);
  await age(key, '24 hours 1 second');
  expect(await new IdempotencyStore(shop.database).purge()).toBeGreaterThanOrEqual(1);
  expect(await rowsOf(key)).toEqual([]);
});

test.each(['', ' ', 'a'.repeat(256), 'ü'])('the key "%s" is refused by the name of its header', async (key) => {
  expect((await place(key)).json).toMatchObject({ status: 400, errors: [{ path: 'Idempotency-Key' }] });
});

test('without the header the database is not asked', async () => {
  const used = async () =>
    (await shop.database.query<{ rows: number }>(sql('test.count', 'SELECT count(*) AS rows FROM shop_http.idempotency_key')))[0]?.rows;
  const before = await used();
  expect((await shop.send('/api/things', { json: order(1) })).status).toBe(201);
  expect(await used()).toBe(before);
});
