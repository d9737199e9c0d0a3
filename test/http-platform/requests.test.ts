import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TokenService } from '../../src/http/auth/token-service.js';
import { type UserId } from '../../src/kernel/ids.js';
import { JWT_SECRET, type RunningShop, runShop } from './running-shop.js';

let shop: RunningShop;
beforeAll(async () => void (shop = await runShop()));
afterAll(() => shop.stop());

const place = (json: unknown) => shop.send('/api/things', { json });
const line = { productOptionId: 1, quantity: 2 };

describe('requests', () => {
  test('a valid request reaches the handler with the values of its schema and is answered with its status', async () => {
    const answer = await place({ items: [line, line], unknown: true });
    expect(answer.status).toBe(201);
    expect(answer.json).toMatchObject({ thingId: 7, pieces: 4, key: null });
  });

  test.each([
    ['a wrong type', { items: [{ productOptionId: 1, quantity: '2' }] }, 'items[0].quantity', 'send a whole number'],
    ['a fraction', { items: [line, { productOptionId: 1, quantity: 1.5 }] }, 'items[1].quantity', 'send a whole number'],
    ['a negative quantity', { items: [{ productOptionId: 1, quantity: -1 }] }, 'items[0].quantity', 'send at least 1'],
    ['a huge quantity', { items: [{ productOptionId: 1, quantity: 1_000_001 }] }, 'items[0].quantity', 'send at most 1000000'],
    ['a missing field', { items: [{ quantity: 1 }] }, 'items[0].productOptionId', 'is required'],
    ['an empty list', { items: [] }, 'items', 'send at least 1 entries'],
    ['1,000 lines', { items: Array.from({ length: 1_000 }, () => line) }, 'items', 'send at most 100 entries'],
    ['a list in the place of the object', [], 'body', 'send an object'],
    ['null', null, 'body', 'send an object'],
    ['an empty text', { items: [line], note: '  ' }, 'note', 'send at least 1 characters'],
    ['a control character', { items: [line], note: 'a\u0007b' }, 'note', 'remove the control characters'],
    ['a NUL', { items: [line], note: 'a\0b' }, 'note', 'remove the NUL character (\\u0000)'],
    ['half a surrogate pair', { items: [line], note: '\ud800' }, 'note', 'complete the surrogate pair (\\ud800 to \\udfff)'],
    ['a time that is none', { items: [line], at: 'yesterday' }, 'at', 'send a time such as'],
    ['a time before all times', { items: [line], at: '0001-01-01' }, 'at', 'send a time from 1970 to 9999'],
  ])('%s is refused with the path of the field and what to send', async (_, json, path, message) => {
    const answer = await place(json);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(answer.json).toMatchObject({
      code: 'VALIDATION_FAILED',
      status: 400,
      title: 'Validation failed',
      type: 'urn:ordersaga:problem:validation-failed',
      instance: '/api/things',
      errors: [{ path, message: expect.stringContaining(message) }],
    });
    expect(answer.json.traceId).toBe(answer.headers.get('x-request-id'));
  });

  test.each(['9007199254740993', '1e400', '99999999999999999999'])(
    'the number %s, which JSON.parse rounds, is refused by the name of its field',
    async (number) => {
      const answer = await shop.send('/api/things', { body: `{"items":[{"productOptionId":${number},"quantity":1}]}` });
      expect(answer.status).toBe(400);
      expect(answer.json.errors[0].path).toBe('items[0].productOptionId');
    },
  );

  test('no body, and an empty body that calls itself JSON, count as the empty object', async () => {
    expect((await shop.send('/api/things/optional', { method: 'POST' })).json).toEqual({});
    expect((await shop.send('/api/things/optional', { method: 'POST', headers: { 'content-type': 'application/json' } })).json).toEqual({});
    expect((await shop.send('/api/things', { method: 'POST' })).json.errors).toEqual([{ path: 'items', message: 'is required' }]);
  });

  test('a handler may answer with one of its alternative statuses', async () => {
    expect((await shop.send('/api/things/optional', { json: { couponId: 1 } })).status).toBe(200);
    expect((await shop.send('/api/things/optional', { json: { couponId: 2 } })).status).toBe(202);
  });

  test.each(['abc', '0', '-1', '1.5', '1e3', '0x10', '+1', '%201', '99999999999999999999', '9007199254740993', "1'--"])(
    'the id %s in the path is refused by the name of the parameter',
    async (id) => {
      const answer = await shop.send(`/api/things/${id}`);
      expect(answer.status).toBe(400);
      expect(answer.json).toMatchObject({ code: 'VALIDATION_FAILED', errors: [{ path: 'id' }] });
    },
  );

  test('an id that is a number, but nobody has, is the business of the domain', async () => {
    expect((await shop.send('/api/things/9007199254740991')).json).toMatchObject({ status: 404, code: 'ORDER_NOT_FOUND' });
  });

  test('a refusal is answered with its status, its message and its details, which cannot replace the standard members', async () => {
    const answer = await place({ items: [{ productOptionId: 1, quantity: 13 }] });
    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject({ code: 'INSUFFICIENT_STOCK', detail: 'there are 12 left', available: 12, status: 422 });
  });

  test('a domain declares problem codes of its own', async () => {
    expect((await shop.send('/api/things/666')).json).toMatchObject({ status: 422, code: 'THING_BROKEN', title: 'Thing broken' });
  });
});

describe('pages', () => {
  test('the cursors of a list lead through all of it, without repeats, to null', async () => {
    const seen: number[] = [];
    let path = '/api/things/numbers?limit=10';
    for (let pages = 0; pages < 10 && path !== ''; pages++) {
      const { json } = await shop.send(path);
      seen.push(...json.items.map(({ number }: { number: number }) => number));
      path = json.nextCursor === null ? '' : `/api/things/numbers?limit=10&cursor=${json.nextCursor}`;
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
  });

  test.each([
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=', 'limit'],
    ['limit=abc', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['kind=even', 'kind'],
    ['cursor=', 'cursor'],
    ['cursor=abc', 'cursor'],
    ['cursor=W10', 'cursor'],
    ['cursor=WyJhIl0', 'cursor'],
    [`cursor=${'W'.repeat(2_000)}`, 'cursor'],
    ['cursor=%F0%28', 'cursor'],
    ['kind=%00', 'kind'],
  ])('?%s is refused by the name of the parameter', async (query, path) => {
    const answer = await shop.send(`/api/things/numbers?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.json.errors[0].path).toBe(path);
  });
});

describe('who may', () => {
  const anHourAgo = Math.floor(Date.now() / 1_000) - 3_600;
  const sign = (claims: Record<string, unknown>, secret = JWT_SECRET, alg = 'HS256') =>
    new SignJWT({ sub: '1', role: 'customer', typ: 'access', iss: 'ordersaga', aud: 'ordersaga-api', exp: anHourAgo + 7_200, ...claims })
      .setProtectedHeader({ alg })
      .sign(Buffer.from(secret.padEnd(64)).subarray(0, alg === 'HS512' ? 64 : secret.length));
  const unsigned = () => `${btoa('{"alg":"none"}').replaceAll('=', '')}.${btoa('{"sub":"1","role":"operator"}').replaceAll('=', '')}.`;

  test.each([
    ['no token', () => Promise.resolve(null), 'send Authorization'],
    ['a garbled token', () => Promise.resolve('a.b.c'), 'not valid'],
    ['no JWT at all', () => Promise.resolve('hello'), 'must read Bearer'],
    ['alg=none', () => Promise.resolve(unsigned()), 'not valid'],
    ['another secret', () => sign({}, 'x'.repeat(JWT_SECRET.length)), 'not valid'],
    ['another algorithm', () => sign({}, JWT_SECRET, 'HS512'), 'not valid'],
    ['an expired token', () => sign({ exp: anHourAgo }), 'expired: refresh it'],
    ['another issuer', () => sign({ iss: 'somebody' }), 'not valid'],
    ['another audience', () => sign({ aud: 'somebody' }), 'not valid'],
    ['a role that does not exist', () => sign({ role: 'admin' }), 'not one of ours'],
    ['a user id that is none', () => sign({ sub: 'abc' }), 'not one of ours'],
    [
      'a refresh token',
      async () => (await new TokenService(JWT_SECRET).issue({ userId: 1 as UserId, role: 'customer' })).refreshToken,
      'send the access token here',
    ],
  ])('%s is 401 and says which', async (_, makeToken, detail) => {
    const answer = await shop.send('/api/things/1', { token: await makeToken() });
    expect(answer.status).toBe(401);
    expect(answer.json).toMatchObject({ code: 'UNAUTHENTICATED', detail: expect.stringContaining(detail) });
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="ordersaga"/);
  });

  test('the same token is good any number of times, and its caller reaches the handler', async () => {
    const token = await shop.token(42);
    expect((await shop.send('/api/things/1', { token })).json).toEqual({ thingId: 1, owner: 42 });
    expect((await shop.send('/api/things/2', { token })).json).toEqual({ thingId: 2, owner: 42 });
  });

  test('a public route does not mind a bad token', async () => {
    expect((await shop.send('/api/faults/login', { json: { email: 'ada' }, token: 'a.b.c' })).status).toBe(200);
  });

  test('what is for operators is 403 for customers', async () => {
    expect((await shop.send('/api/things/1', { method: 'DELETE' })).json).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    const done = await shop.send('/api/things/1', { method: 'DELETE', token: await shop.token(2, 'operator') });
    expect([done.status, done.text]).toEqual([204, '']);
  });

  test('me is the caller; the id of somebody else is unknown to customers and known to operators', async () => {
    const token = await shop.token(5);
    expect((await shop.send('/api/users/me/things', { token })).json).toEqual({ number: 5 });
    expect((await shop.send('/api/users/5/things', { token })).json).toEqual({ number: 5 });
    expect((await shop.send('/api/users/6/things', { token })).json).toMatchObject({ status: 404, code: 'USER_NOT_FOUND' });
    expect((await shop.send('/api/users/6/things', { token: await shop.token(1, 'operator') })).json).toEqual({ number: 6 });
    expect((await shop.send('/api/users/x/things', { token })).json).toMatchObject({ status: 400, errors: [{ path: 'id' }] });
  });
});

describe('faults', () => {
  test.each(['error', 'text', 'bigint', 'late'])('the fault "%s" is a 500 that tells nothing but the id of its log line', async (kind) => {
    const { status, json, text } = await shop.send(`/api/faults/${kind}`);
    expect(status).toBe(500);
    expect(json).toMatchObject({ code: 'INTERNAL', status: 500 });
    expect(text).not.toMatch(/secret|at |\.ts|BigInt/);
    expect(shop.logs.filter((log) => log.includes(json.traceId) && log.includes('"level":50'))).toHaveLength(1);
  });

  test('too much work and a lost database are 503 with the time to come back', async () => {
    const overload = await shop.send('/api/faults/overload');
    expect([overload.status, overload.json.code, overload.headers.get('retry-after')]).toEqual([503, 'OVERLOADED', '3']);
    const database = await shop.send('/api/faults/database');
    expect([database.status, database.json.code, database.headers.get('retry-after')]).toEqual([503, 'UNAVAILABLE', '2']);
    expect(database.text).not.toContain('10.0.0.1');
  });

  test('the id of a request comes from its headers when they have a decent one', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const idOf = async (headers: Record<string, string>) => (await shop.send('/api/nowhere', { headers })).json.traceId;
    expect(await idOf({ 'x-request-id': 'abc-1', traceparent })).toBe('abc-1');
    expect(await idOf({ traceparent })).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
    expect(await idOf({ 'x-request-id': '<script>' })).toMatch(/^[\da-f-]{36}$/);
  });
});
