import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sql } from '../../src/database/database.js';
import { IdempotencyStore } from '../../src/http/idempotency/idempotency-store.js';
import { type RunningShop, runShop } from './running-shop.js';

let shop: RunningShop;
beforeAll(async () => void (shop = await runShop()));
afterAll(() => shop.stop());
beforeEach(() => {
  shop.doings.runs = 0;
  shop.doings.close();
});

const order = (quantity: number) => ({ items: [{ productOptionId: 1, quantity }] });
const place = (key: string, json: unknown = order(2), token?: string) =>
  shop.send('/api/things', { json, headers: { 'idempotency-key': key }, ...(token !== undefined && { token }) });
const slow = (key: string) => shop.send('/api/things/slow', { method: 'POST', headers: { 'idempotency-key': key } });
const rowsOf = (key: string) =>
  shop.database.query<{ status: number | null }>(sql('test.rows', 'SELECT status FROM shop_http.idempotency_key WHERE key = $1'), [key]);
const age = (key: string, interval: string) =>
  shop.database.query(
    sql(
      'test.age',
      'UPDATE shop_http.idempotency_key SET claimed_until = claimed_until - $2::interval, created_at = created_at - $2::interval WHERE key = $1',
    ),
    [key, interval],
  );

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

test('a crash leaves a claim that may be taken over once its lease is over, by the same request only', async () => {
  const key = randomUUID();
  const died = slow(key);
  await shop.doings.entered.promise;
  await age(key, '59 seconds');
  expect((await slow(key)).status).toBe(409);
  await age(key, '2 seconds');
  const other = await shop.send('/api/things/slow', { json: { other: true }, headers: { 'idempotency-key': key } });
  expect(other.json).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  shop.doings.entered = Promise.withResolvers();
  const successor = slow(key);
  await shop.doings.entered.promise;
  shop.doings.open();
  expect((await successor).status).toBe(200);
  await died;
  expect(shop.doings.runs).toBe(2);
});

test('an execution whose lease was taken over cannot store its answer over the successor', async () => {
  const store = new IdempotencyStore(shop.database);
  const request = { userId: 9, route: 'POST /x', key: randomUUID(), fingerprint: Buffer.alloc(32) };
  const first = await store.claim(request);
  await age(request.key, '61 seconds');
  const second = await store.claim(request);
  if (first.outcome !== 'claimed' || second.outcome !== 'claimed') throw new Error('both must get the claim');
  await store.complete(request, first.claim, { status: 200, contentType: 'x', body: 'late' });
  await store.release(request, first.claim);
  await store.complete(request, second.claim, { status: 201, contentType: 'x', body: 'right' });
  expect(await store.claim(request)).toEqual({ outcome: 'done', answer: { status: 201, contentType: 'x', body: 'right' } });
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
