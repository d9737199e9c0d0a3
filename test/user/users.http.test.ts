import { SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { OPERATOR } from '../support/client.js';
import { startShop, type TestShop } from '../support/shop.js';

const PASSWORD = 'customer-password';

let shop: TestShop;
let operator: string;
type Customer = Awaited<ReturnType<TestShop['customer']>>;
/** Whose balance is and stays 1,000. */
let untouched: Customer;
let customer: Customer;

beforeAll(async () => {
  shop = await startShop({ CURRENCY: 'GBP' });
  operator = await shop.operatorToken();
  untouched = await shop.customer(1_000);
});
afterAll(() => shop.stop());
beforeEach(() => {
  customer = untouched;
});

/** For tests that change something. */
const newCustomer = async (): Promise<void> => {
  customer = await shop.customer(1_000);
};

const signup = (body: unknown) => shop.api('POST', '/api/auth/signup', { body });
const login = (body: unknown) => shop.api('POST', '/api/auth/login', { body });
const refresh = (body: unknown) => shop.api('POST', '/api/auth/refresh', { body });
const charge = (body: unknown, { id = String(customer.userId), token = operator, headers = {} } = {}) =>
  shop.api('POST', `/api/users/${id}/balance/charges`, { token, body, headers });
const adjust = (body: unknown, { id = String(customer.userId), token = operator } = {}) =>
  shop.api('POST', `/api/users/${id}/balance/adjustments`, { token, body });
const logs = (query = '', token = customer.token) => shop.api('GET', `/api/users/me/balance/logs${query}`, { token });
const balanceOf = async (token = customer.token) => (await shop.api('GET', '/api/users/me/balance', { token })).body.balance as number;

/** A problem with the code and, when it names fields, exactly these. */
const problem = (status: number, code: string, ...paths: readonly string[]) =>
  expect.objectContaining({
    status,
    body: expect.objectContaining({
      code,
      status,
      ...(paths.length > 0 && { errors: paths.map((path) => expect.objectContaining({ path })) }),
    }),
  });

describe('POST /api/auth', () => {
  test('opens an account, lets its owner in, and prolongs the session', async () => {
    const email = `Ada.${crypto.randomUUID()}@Example.com`;
    const opened = await signup({ email, password: PASSWORD });
    expect(opened.status).toBe(201);
    expect(opened.body).toEqual({
      userId: expect.any(Number),
      role: 'customer',
      accessToken: expect.any(String),
      refreshToken: expect.any(String),
      expiresIn: 900,
    });
    const entered = await login({ email: email.toLowerCase(), password: PASSWORD });
    expect(entered).toMatchObject({ status: 200, body: { userId: opened.body.userId } });
    const prolonged = await refresh({ refreshToken: entered.body.refreshToken });
    expect(prolonged).toMatchObject({ status: 200, body: { userId: opened.body.userId, role: 'customer' } });
    const profile = await shop.api('GET', '/api/users/me', { token: prolonged.body.accessToken });
    expect(profile.body).toMatchObject({
      userId: opened.body.userId,
      email: email.toLowerCase(),
      role: 'customer',
      balance: 0,
      currency: 'GBP',
    });
  });

  test('refuses an address that is taken, a wrong password, and a session that was ended', async () => {
    await newCustomer();
    expect(await signup({ email: customer.email.toUpperCase(), password: PASSWORD })).toEqual(problem(409, 'EMAIL_TAKEN'));
    expect(await login({ email: customer.email, password: 'another password' })).toEqual(problem(401, 'INVALID_CREDENTIALS'));
    expect(await login({ email: 'nobody@example.com', password: PASSWORD })).toEqual(problem(401, 'INVALID_CREDENTIALS'));
    const { body } = await login({ email: customer.email, password: PASSWORD });
    expect(await shop.api('POST', '/api/auth/logout', { body: { refreshToken: body.refreshToken } })).toMatchObject({
      status: 204,
      body: null,
    });
    expect(await refresh({ refreshToken: body.refreshToken })).toEqual(problem(401, 'UNAUTHENTICATED'));
    expect(await refresh({ refreshToken: body.accessToken })).toEqual(problem(401, 'UNAUTHENTICATED'));
  });

  test.each([
    [{}, ['email', 'password']],
    [{ email: 'ada@example.com', password: 'short' }, ['password']],
    [{ email: 'ada@example.com', password: 'x'.repeat(201) }, ['password']],
    [{ email: 'ada', password: PASSWORD }, ['email']],
    [{ email: `${'a'.repeat(250)}@example.com`, password: PASSWORD }, ['email']],
    [{ email: ['ada@example.com'], password: { $ne: null } }, ['email', 'password']],
    [{ email: null, password: 12_345_678 }, ['email', 'password']],
  ])('names the wrong fields of %j', async (body, paths) => {
    expect(await signup(body)).toEqual(problem(400, 'VALIDATION_FAILED', ...paths));
  });

  test('takes nobody’s word for a role', async () => {
    const { body } = await signup({ email: `${crypto.randomUUID()}@example.com`, password: PASSWORD, role: 'operator', balance: 1_000 });
    expect(body.role).toBe('customer');
    expect(await balanceOf(body.accessToken)).toBe(0);
  });

  test('stops a guesser, and nobody else', async () => {
    const guess = { email: `${crypto.randomUUID()}@example.com`, password: 'a wrong guess' };
    // Twice what a minute allows, so that no machine is too slow to reach the limit.
    const answers = await Promise.all(Array.from({ length: 60 }, () => login(guess)));
    expect(answers.find(({ status }) => status === 429)?.headers.get('retry-after')).toMatch(/^\d+$/);
    expect((await login({ email: customer.email, password: PASSWORD })).status).toBe(200);
  });
});

describe('a top-up', () => {
  test('raises the balance and is in the history with its note', async () => {
    await newCustomer();
    expect(await charge({ amount: 250, note: 'by bank transfer' })).toMatchObject({
      status: 201,
      body: { balance: 1_250, currency: 'GBP' },
    });
    const { body } = await logs();
    expect(body.items[0]).toEqual({
      logId: expect.any(Number),
      amount: 250,
      beforeAmount: 1_000,
      afterAmount: 1_250,
      code: 'CHARGE',
      note: 'by bank transfer',
      refId: null,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
  });

  test('with one Idempotency-Key counts once', async () => {
    await newCustomer();
    const headers = { 'idempotency-key': crypto.randomUUID() };
    const [first, second] = [await charge({ amount: 250 }, { headers }), await charge({ amount: 250 }, { headers })];
    expect([first.body, second.body]).toEqual([
      { balance: 1_250, currency: 'GBP' },
      { balance: 1_250, currency: 'GBP' },
    ]);
    expect(await charge({ amount: 251 }, { headers })).toEqual(problem(422, 'IDEMPOTENCY_KEY_REUSED'));
    expect(await balanceOf()).toBe(1_250);
  });

  test('is not a customer’s to make, for nobody', async () => {
    expect(await charge({ amount: 1 }, { token: customer.token })).toEqual(problem(403, 'FORBIDDEN'));
    expect(await charge({ amount: 1 }, { token: customer.token, id: 'me' })).toEqual(problem(403, 'FORBIDDEN'));
    expect(await adjust({ amount: 1, note: 'please' }, { token: customer.token })).toEqual(problem(403, 'FORBIDDEN'));
    expect(await balanceOf()).toBe(1_000);
  });

  test.each([0, -1, 1.5, 1e12 + 1, 2 ** 53, '5', null, true, [1], undefined])('of %s is refused by its field', async (amount) => {
    expect(await charge({ amount })).toEqual(problem(400, 'VALIDATION_FAILED', 'amount'));
    expect(await balanceOf()).toBe(1_000);
  });

  test.each(['0', '-1', '1e3', 'you', '9007199254740993', '%00'])('for the user id %s is refused', async (id) => {
    expect(await charge({ amount: 1 }, { id })).toEqual(problem(400, 'VALIDATION_FAILED', 'id'));
  });

  test('of nobody is refused', async () => {
    expect(await charge({ amount: 1 }, { id: '123456789' })).toEqual(problem(404, 'USER_NOT_FOUND'));
    expect(await charge({ amount: 1 }, { id: String(Number.MAX_SAFE_INTEGER) })).toEqual(problem(404, 'USER_NOT_FOUND'));
  });

  test('that is no JSON, no object, or too long is refused', async () => {
    expect((await charge('{"amount": 5')).status).toBe(400);
    expect((await charge('[]')).status).toBe(400);
    expect(await charge('{"amount": 1e400}')).toEqual(problem(400, 'VALIDATION_FAILED', 'amount'));
    expect((await charge({ amount: 1, note: 'x'.repeat(501) })).status).toBe(400);
    expect((await charge({ amount: 1, note: '\u0000' })).status).toBe(400);
    expect((await charge('amount=5', { headers: { 'content-type': 'application/x-www-form-urlencoded' } })).status).toBe(415);
    expect(await balanceOf()).toBe(1_000);
  });
});

describe('an adjustment', () => {
  test('takes from the balance with a reason, but not below zero', async () => {
    await newCustomer();
    expect(await adjust({ amount: -1_001, note: 'too much' })).toMatchObject({
      status: 422,
      body: { code: 'INSUFFICIENT_BALANCE', required: 1_001, balance: 1_000 },
    });
    expect(await adjust({ amount: -400, note: 'charged twice' })).toMatchObject({ status: 201, body: { balance: 600 } });
    expect((await logs('?code=ADJUST')).body.items).toMatchObject([{ amount: -400, note: 'charged twice' }]);
  });

  test('needs a reason and an amount', async () => {
    expect(await adjust({ amount: -1 })).toEqual(problem(400, 'VALIDATION_FAILED', 'note'));
    expect(await adjust({ amount: 0, note: 'nothing' })).toEqual(problem(400, 'VALIDATION_FAILED', 'amount'));
  });
});

describe('the history', () => {
  test('is read page by page', async () => {
    await newCustomer();
    await charge({ amount: 1 });
    await charge({ amount: 2 });
    const first = (await logs('?limit=2')).body;
    expect(first.items.map(({ amount }: { amount: number }) => amount)).toEqual([2, 1]);
    const rest = (await logs(`?limit=2&cursor=${first.nextCursor}`)).body;
    expect(rest).toMatchObject({ items: [{ amount: 1_000 }], nextCursor: null });
  });

  test.each([
    ['limit=0', 'limit'],
    ['limit=1000', 'limit'],
    ['limit=two', 'limit'],
    ['code=GIFT', 'code'],
    ['refId=-1', 'refId'],
    ['from=yesterday', 'from'],
    ['to=2026-13-01', 'to'],
    ['cursor=abc', 'cursor'],
    ['cursor=WyJ4IiwxXQ', 'cursor'],
  ])('refuses %s', async (query, path) => {
    expect(await logs(`?${query}`)).toEqual(problem(400, 'VALIDATION_FAILED', path));
  });

  test('is filtered by time', async () => {
    await newCustomer();
    expect((await logs('?to=2000-01-01')).body.items).toEqual([]);
    expect((await logs('?from=2000-01-01&code=CHARGE')).body.items).toHaveLength(1);
  });
});

describe('what is another’s', () => {
  test.each(['', '/balance', '/balance/logs'])(
    'GET /api/users/{id}%s is not found by a customer, and read by an operator',
    async (path) => {
      const stranger = await shop.customer();
      expect(await shop.api('GET', `/api/users/${customer.userId}${path}`, { token: stranger.token })).toEqual(
        problem(404, 'USER_NOT_FOUND'),
      );
      expect((await shop.api('GET', `/api/users/${customer.userId}${path}`, { token: operator })).status).toBe(200);
      expect(await shop.api('GET', `/api/users/123456789${path}`, { token: operator })).toEqual(problem(404, 'USER_NOT_FOUND'));
    },
  );

  test.each(['', '/balance', '/balance/logs'])('GET /api/users/me%s needs a token that is valid', async (path) => {
    const get = (token?: string) => shop.api('GET', `/api/users/me${path}`, { token });
    const key = new TextEncoder().encode('a secret of at least thirty-two characters');
    const forged = (secret: Uint8Array, expiresInSeconds: number) =>
      new SignJWT({ role: 'operator', typ: 'access' })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setSubject(String(customer.userId))
        .setIssuer('ordersaga')
        .setAudience('ordersaga-api')
        .setIssuedAt()
        .setExpirationTime(Math.floor(Date.now() / 1_000) + expiresInSeconds)
        .sign(secret);
    expect(await get()).toEqual(problem(401, 'UNAUTHENTICATED'));
    expect(await get(await forged(key, -3_600))).toEqual(problem(401, 'UNAUTHENTICATED'));
    expect(
      await get(
        await forged(
          key.map((byte) => byte ^ 1),
          3_600,
        ),
      ),
    ).toEqual(problem(401, 'UNAUTHENTICATED'));
    expect((await get(await forged(key, 3_600))).status).toBe(200);
  });
});

describe('GET /api/admin/users', () => {
  test('finds users by the beginning of their address, page by page', async () => {
    const prefix = crypto.randomUUID();
    const addresses = ['a', 'b', 'c'].map((letter) => `${prefix}-${letter}@example.com`);
    await Promise.all(addresses.map((email) => signup({ email, password: PASSWORD })));
    const find = async (query: string) => (await shop.api('GET', `/api/admin/users?${query}`, { token: operator })).body;
    const first = await find(`email=${prefix.toUpperCase()}&limit=2`);
    expect(first.items.map(({ email }: { email: string }) => email)).toEqual(addresses.slice(0, 2));
    const rest = await find(`email=${prefix}&limit=2&cursor=${first.nextCursor}`);
    expect(rest).toMatchObject({ items: [{ email: addresses[2], balance: 0, currency: 'GBP', role: 'customer' }], nextCursor: null });
    expect((await find(`email=${customer.email}`)).items).toMatchObject([{ userId: customer.userId, balance: 1_000 }]);
    expect((await find('email=%25')).items).toEqual([]);
  });

  test('is for operators', async () => {
    expect(await shop.api('GET', '/api/admin/users', { token: customer.token })).toEqual(problem(403, 'FORBIDDEN'));
    expect((await login(OPERATOR)).body.role).toBe('operator');
  });
});
