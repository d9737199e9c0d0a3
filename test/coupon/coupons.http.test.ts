import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Answer } from '../support/client.js';
import { startShop, type TestShop } from '../support/shop.js';

let shop: TestShop;
let operator: string;
let customer: Awaited<ReturnType<TestShop['customer']>>;

beforeAll(async () => {
  shop = await startShop();
  operator = await shop.operatorToken();
});
afterAll(() => shop.stop());
beforeEach(async () => {
  customer = await shop.customer();
});

const inHours = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();
const create = (body: unknown, token: string | undefined = operator): Promise<Answer> =>
  shop.api('POST', '/api/admin/coupons', { token, body });
const issue = (couponId: number | string, token: string | undefined = customer.token): Promise<Answer> =>
  shop.api('POST', `/api/coupons/${couponId}/issue`, { token });
const terms = { name: 'Autumn', discountRate: 15, quantity: 2, expiresAt: inHours(24) };
const offer = async (more: Record<string, unknown> = {}): Promise<number> =>
  ((await create({ ...terms, ...more })).body as { couponId: number }).couponId;

describe('POST /api/admin/coupons', () => {
  test('offers a coupon from now on, and GET tells its counts', async () => {
    const { status, body } = await create(terms);
    expect(status).toBe(201);
    expect(body).toMatchObject({ ...terms, issued: 0, used: 0, remainingQuantity: 2 });
    await issue(body.couponId);
    const detail = await shop.api('GET', `/api/admin/coupons/${body.couponId}`, { token: operator });
    expect([detail.status, detail.body]).toEqual([200, { ...body, issued: 1, remainingQuantity: 1 }]);
  });

  test.each([
    ['discountRate', { discountRate: 0 }],
    ['discountRate', { discountRate: 101 }],
    ['discountRate', { discountRate: 12.5 }],
    ['quantity', { quantity: 0 }],
    ['quantity', { quantity: 2 ** 53 }],
    ['name', { name: ' ' }],
    ['name', { name: 'x'.repeat(201) }],
    ['expiresAt', { expiresAt: 'tomorrow' }],
    ['expiresAt', { expiresAt: inHours(-1) }],
    ['expiresAt', { startsAt: inHours(48) }],
    ['startsAt', { startsAt: 5 }],
  ])('refuses a wrong %s', async (path, wrong) => {
    const { status, body } = await create({ ...terms, ...wrong });
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'VALIDATION_FAILED', errors: [{ path }] });
  });

  test('is for operators', async () => {
    expect((await create(terms, customer.token)).status).toBe(403);
    expect((await shop.api('POST', '/api/admin/coupons', { body: terms })).status).toBe(401);
    expect((await shop.api('GET', '/api/admin/coupons/1', { token: customer.token })).status).toBe(403);
    expect((await shop.api('GET', '/api/admin/coupons/999999', { token: operator })).body).toMatchObject({
      status: 404,
      code: 'COUPON_NOT_FOUND',
    });
  });
});

describe('POST /api/coupons/{id}/issue', () => {
  test('gives the coupon and says who was the n-th', async () => {
    const couponId = await offer();
    const first = await issue(couponId);
    expect(first.status).toBe(201);
    expect(first.body).toEqual({
      userCouponId: expect.any(Number) as number,
      couponId,
      name: terms.name,
      discountRate: 15,
      expiresAt: terms.expiresAt,
      admission: 1,
      remainingQuantity: 1,
    });
    expect((await issue(couponId, (await shop.customer()).token)).body).toMatchObject({ admission: 2, remainingQuantity: 0 });
  });

  test('refuses a second one of a kind, and a third customer of two', async () => {
    const couponId = await offer();
    await issue(couponId);
    expect((await issue(couponId)).body).toMatchObject({ status: 409, code: 'ALREADY_ISSUED', admission: 1 });
    await issue(couponId, (await shop.customer()).token);
    expect((await issue(couponId, (await shop.customer()).token)).body).toMatchObject({ status: 422, code: 'COUPON_SOLD_OUT' });
  });

  test('refuses before the start and after the end', async () => {
    expect((await issue(await offer({ startsAt: inHours(1) }))).body).toMatchObject({ status: 422, code: 'COUPON_NOT_STARTED' });
    const over = await offer({ startsAt: inHours(-2), expiresAt: inHours(-1) });
    expect((await issue(over)).body).toMatchObject({ status: 422, code: 'EXPIRED_COUPON' });
  });

  test.each(['0', '-1', '1.5', 'abc', '9007199254740993'])('refuses the id %s', async (id) => {
    expect((await issue(id)).body).toMatchObject({ status: 400, code: 'VALIDATION_FAILED', errors: [{ path: 'id' }] });
  });

  test('knows no coupon that is not there, and nobody without a token', async () => {
    expect((await issue(999_999)).body).toMatchObject({ status: 404, code: 'COUPON_NOT_FOUND' });
    expect((await shop.api('POST', '/api/coupons/1/issue')).status).toBe(401);
  });

  test('of 60 customers at once exactly two get one of two', async () => {
    const couponId = await offer();
    const tokens = await Promise.all(Array.from({ length: 6 }, async () => (await shop.customer()).token));
    const answers = await Promise.all(tokens.flatMap((token) => Array.from({ length: 10 }, () => issue(couponId, token))));
    expect(
      answers
        .filter(({ status }) => status === 201)
        .map(({ body }) => body.admission as number)
        .toSorted((a, b) => a - b),
    ).toEqual([1, 2]);
    expect(answers.every(({ status, body }) => status === 201 || ['ALREADY_ISSUED', 'COUPON_SOLD_OUT'].includes(body.code as string))).toBe(
      true,
    );
  });

  test('with an Idempotency-Key a repeat gets the first answer', async () => {
    const couponId = await offer();
    const options = { token: customer.token, headers: { 'idempotency-key': 'one-coupon' } };
    const first = await shop.api('POST', `/api/coupons/${couponId}/issue`, options);
    const second = await shop.api('POST', `/api/coupons/${couponId}/issue`, options);
    expect([second.status, second.body]).toEqual([201, first.body]);
  });
});

describe('GET /api/users/{id}/coupons', () => {
  const list = (query = '', user: number | string = 'me', token = customer.token): Promise<Answer> =>
    shop.api('GET', `/api/users/${user}/coupons${query}`, { token });

  test('lists the own coupons, the latest first, page by page and by status', async () => {
    const coupons = [await offer(), await offer(), await offer()];
    for (const couponId of coupons) await issue(couponId);
    const all = await list();
    expect(all.body.items.map(({ couponId }: { couponId: number }) => couponId)).toEqual(coupons.toReversed());
    expect(all.body.items[0]).toMatchObject({
      name: terms.name,
      discountRate: 15,
      status: 'AVAILABLE',
      expiresAt: terms.expiresAt,
      usedAt: null,
      orderId: null,
    });
    expect(all.body.nextCursor).toBeNull();

    const page = await list('?limit=2');
    expect(page.body.items).toEqual(all.body.items.slice(0, 2));
    expect((await list(`?limit=2&cursor=${page.body.nextCursor}`)).body).toEqual({ items: all.body.items.slice(2), nextCursor: null });
    expect((await list('?status=AVAILABLE')).body.items).toHaveLength(3);
    expect((await list('?status=USED')).body.items).toEqual([]);
    expect((await list('', customer.userId)).body).toEqual(all.body);
    expect((await list('', customer.userId, operator)).body).toEqual(all.body);
  });

  test.each(['?status=LOST', '?cursor=xyz', '?limit=0', '?limit=1000'])('refuses %s', async (query) => {
    expect((await list(query)).body).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
  });

  test("is not for other people's eyes", async () => {
    expect((await list('', customer.userId, (await shop.customer()).token)).body).toMatchObject({ status: 404, code: 'USER_NOT_FOUND' });
  });
});

test('GET /api/coupons lists the coupons of now to everybody, page by page', async () => {
  const late = await offer({ expiresAt: inHours(9_001) });
  const later = await offer({ expiresAt: inHours(9_002) });
  const upcoming = await offer({ startsAt: inHours(1), expiresAt: inHours(9_003) });
  await issue(late);
  const items: { couponId: number; remainingQuantity: number; expiresAt: string }[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Answer = await shop.api('GET', `/api/coupons?limit=3${cursor && `&cursor=${cursor}`}`);
    expect(page.status).toBe(200);
    items.push(...page.body.items);
    cursor = page.body.nextCursor as string | null;
  }
  expect(items.slice(-2)).toMatchObject([
    { couponId: late, remainingQuantity: 1 },
    { couponId: later, remainingQuantity: 2 },
  ]);
  expect(items.map(({ couponId }) => couponId)).not.toContain(upcoming);
  expect(items.map(({ expiresAt }) => expiresAt)).toEqual(items.map(({ expiresAt }) => expiresAt).toSorted());
});

describe('paying with a coupon', () => {
  const PRICE = 999;
  let optionId: number;
  beforeAll(async () => {
    const product = await shop.product({ price: PRICE, stock: [1_000] });
    optionId = product.optionIds[0] as number;
  });

  const order = async (token: string): Promise<number> => {
    const placed = await shop.api('POST', '/api/orders', { token, body: { items: [{ productOptionId: optionId, quantity: 1 }] } });
    return (placed.body as { orderId: number }).orderId;
  };
  const pay = (orderId: number, couponId: number, token: string): Promise<Answer> =>
    shop.api('POST', `/api/orders/${orderId}/payment`, { token, body: { couponId } });
  const statusesOf = async (token: string): Promise<string[]> => {
    const { body } = await shop.api('GET', '/api/users/me/coupons', { token });
    return (body as { items: { status: string }[] }).items.map(({ status }) => status);
  };

  test('takes the discount off, rounded down, and uses the coupon once', async () => {
    const { token } = await shop.customer(10_000);
    const couponId = await offer();
    await issue(couponId, token);
    const paid = await pay(await order(token), couponId, token);
    expect(paid.body).toMatchObject({ status: 'PAID', discountAmount: 149, paidAmount: 850, remainingBalance: 9_150 });
    expect(await statusesOf(token)).toEqual(['USED']);
    expect((await pay(await order(token), couponId, token)).body).toMatchObject({ status: 422, code: 'ALREADY_USED' });
  });

  test("refuses somebody else's coupon, and leaves it free for both", async () => {
    const [owner, other] = [await shop.customer(1_000), await shop.customer(1_000)];
    const couponId = await offer();
    await issue(couponId, owner.token);
    const orderId = await order(other.token);
    expect((await pay(orderId, couponId, other.token)).body).toMatchObject({ status: 422, code: 'INVALID_COUPON' });
    expect(await statusesOf(owner.token)).toEqual(['AVAILABLE']);
    expect((await issue(couponId, other.token)).status).toBe(201);
    expect((await pay(orderId, couponId, other.token)).body).toMatchObject({ status: 'PAID', paidAmount: 850 });
  });

  test('gives the coupon back when the balance does not suffice', async () => {
    const { userId, token } = await shop.customer();
    const couponId = await offer();
    await issue(couponId, token);
    const orderId = await order(token);
    expect((await pay(orderId, couponId, token)).body).toMatchObject({ status: 422, code: 'INSUFFICIENT_BALANCE' });
    expect(await statusesOf(token)).toEqual(['AVAILABLE']);
    await shop.api('POST', `/api/users/${userId}/balance/charges`, { token: operator, body: { amount: 850 } });
    expect((await pay(orderId, couponId, token)).body).toMatchObject({ status: 'PAID', paidAmount: 850, remainingBalance: 0 });
  });

  test('of ten orders that pay with one coupon at once, one is paid', async () => {
    const { token } = await shop.customer(100_000);
    const couponId = await offer();
    await issue(couponId, token);
    const orders = await Promise.all(Array.from({ length: 10 }, () => order(token)));
    const answers = await Promise.all(orders.map((orderId) => pay(orderId, couponId, token)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'ALREADY_USED')).toHaveLength(9);
    expect(await statusesOf(token)).toEqual(['USED']);
  });
});
