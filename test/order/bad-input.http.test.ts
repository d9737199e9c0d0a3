import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestShop, startShop } from '../support/shop.js';

let shop: TestShop;
let token: string;
let optionId: number;

beforeAll(async () => {
  shop = await startShop();
  ({ token } = await shop.customer(1_000));
  optionId = (await shop.product({ price: 100, stock: [5] })).optionIds[0] as number;
});

afterAll(() => shop.stop());

const line = (over: object = {}) => ({ productOptionId: optionId, quantity: 1, ...over });
const place = (body: unknown, headers = {}) => shop.api('POST', '/api/orders', { token, body, headers });

describe('an order that cannot be read is a 400 that names the field', () => {
  test.for([
    ['no lines at all', {}, 'items'],
    ['an empty list of lines', { items: [] }, 'items'],
    ['lines and cart at once', () => ({ items: [line()], fromCart: true }), 'items'],
    ['lines that are no list', { items: 'many' }, 'items'],
    ['a negative quantity', () => ({ items: [line({ quantity: -1 })] }), 'items[0].quantity'],
    ['a quantity of nothing', () => ({ items: [line({ quantity: 0 })] }), 'items[0].quantity'],
    ['half a piece', () => ({ items: [line({ quantity: 0.5 })] }), 'items[0].quantity'],
    ['a huge quantity', () => ({ items: [line({ quantity: 1e15 })] }), 'items[0].quantity'],
    ['a quantity beyond 2^53', () => `{"items":[{"productOptionId":${optionId},"quantity":9007199254740993}]}`, 'items[0].quantity'],
    ['a quantity as text', () => ({ items: [line({ quantity: '1' })] }), 'items[0].quantity'],
    ['an id beyond 2^53', { items: [{ productOptionId: 2 ** 60, quantity: 1 }] }, 'items[0].productOptionId'],
    ['an id of the wrong type', { items: [{ productOptionId: null, quantity: 1 }] }, 'items[0].productOptionId'],
    ['the second line wrong', () => ({ items: [line(), line({ quantity: 0 })] }), 'items[1].quantity'],
    ['1,001 lines', () => ({ items: Array.from({ length: 1_001 }, () => line()) }), 'items'],
    ['lines that add up to too much', () => ({ items: [line({ quantity: 600_000 }), line({ quantity: 600_000 })] }), 'items'],
  ] as const)('%s', async ([, given, path]) => {
    const answer = await place(typeof given === 'function' ? given() : given);
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toContain(path);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });

  test('malformed JSON, another content type, a body over the limit', async () => {
    expect(await place('{"items": [')).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect(await place('items=1', { 'content-type': 'application/x-www-form-urlencoded' })).toMatchObject({
      status: 415,
      body: { code: 'UNSUPPORTED_MEDIA_TYPE' },
    });
    expect(await place(JSON.stringify({ items: [line()], note: 'x'.repeat(1_100_000) }))).toMatchObject({
      status: 413,
      body: { code: 'PAYLOAD_TOO_LARGE' },
    });
  });
});

describe('an order that cannot be had is refused whole', () => {
  test('an unknown option', async () => {
    const answer = await place({ items: [line(), { productOptionId: 999_999_999, quantity: 1 }] });
    expect(answer).toMatchObject({ status: 404, body: { code: 'PRODUCT_NOT_FOUND', productOptionId: 999_999_999 } });
  });

  test('more than there is, also when only repeated lines together are too much', async () => {
    for (const items of [[line({ quantity: 6 })], [line({ quantity: 3 }), line({ quantity: 3 })]]) {
      expect(await place({ items })).toMatchObject({
        status: 422,
        body: { code: 'INSUFFICIENT_STOCK', productOptionId: optionId, requested: 6, available: 5 },
      });
    }
  });

  test('an empty cart', async () => {
    expect(await place({ fromCart: true })).toMatchObject({ status: 422, body: { code: 'EMPTY_CART' } });
  });

  test('1,000 lines of one option are one line of 1,000 pieces, which there are not', async () => {
    expect(await place({ items: Array.from({ length: 1_000 }, () => line()) })).toMatchObject({ status: 422, body: { requested: 1_000 } });
  });
});

describe('addresses and callers', () => {
  test.for([
    ['GET', '/api/orders/abc'],
    ['GET', '/api/orders/-1'],
    ['GET', '/api/orders/99999999999999999999'],
    ['POST', '/api/orders/1.5/payment'],
  ] as const)('%s %s names the parameter', async ([method, path]) => {
    const answer = await shop.api(method, path, { token, ...(method === 'POST' ? { body: {} } : {}) });
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED', errors: [{ path: 'id' }] } });
  });

  test('an order that never was', async () => {
    for (const [method, path] of [
      ['GET', '/api/orders/999999999'],
      ['GET', '/api/orders/999999999/payment'],
      ['GET', '/api/orders/999999999/events'],
      ['POST', '/api/orders/999999999/payment'],
      ['POST', '/api/orders/999999999/cancel'],
    ] as const) {
      expect(await shop.api(method, path, { token, ...(method === 'POST' ? { body: {} } : {}) })).toMatchObject({
        status: 404,
        body: { code: 'ORDER_NOT_FOUND' },
      });
    }
  });

  test('nobody gets in without a token, or with a wrong one', async () => {
    for (const wrong of [undefined, 'rubbish', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.']) {
      expect(await shop.api('GET', '/api/users/me/orders', { token: wrong })).toMatchObject({
        status: 401,
        body: { code: 'UNAUTHENTICATED' },
      });
    }
  });

  test("another user's list does not exist", async () => {
    const stranger = await shop.customer();
    expect(await shop.api('GET', `/api/users/${stranger.userId}/orders`, { token })).toMatchObject({
      status: 404,
      body: { code: 'USER_NOT_FOUND' },
    });
  });

  test('a coupon id of the wrong shape is named, and the order stays as it was', async () => {
    const { optionIds } = await shop.product({ price: 1, stock: [1] });
    const { body: order } = await place({ items: [{ productOptionId: optionIds[0], quantity: 1 }] });
    for (const couponId of ['1', -1, 2 ** 60, {}]) {
      const answer = await shop.api('POST', `/api/orders/${order.orderId}/payment`, { token, body: { couponId } });
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: 'couponId' }] } });
    }
    expect((await shop.api('GET', `/api/orders/${order.orderId}`, { token })).body.status).toBe('PENDING');
  });

  test('a list is read page by page, newest first, and a tampered cursor is named', async () => {
    const reader = await shop.customer();
    const { optionIds } = await shop.product({ price: 1, stock: [10] });
    for (let count = 0; count < 5; count++) {
      await shop.api('POST', '/api/orders', { token: reader.token, body: { items: [{ productOptionId: optionIds[0], quantity: 1 }] } });
    }
    const ids: number[] = [];
    let cursor: string | null = null;
    do {
      const page: { body: { items: { orderId: number }[]; nextCursor: string | null } } = await shop.api(
        'GET',
        `/api/users/me/orders?limit=2${cursor ? `&cursor=${cursor}` : ''}`,
        { token: reader.token },
      );
      ids.push(...page.body.items.map(({ orderId }) => orderId));
      cursor = page.body.nextCursor;
    } while (cursor);
    expect(ids).toHaveLength(5);
    expect(ids).toEqual(ids.toSorted((a, b) => b - a));
    expect(await shop.api('GET', '/api/users/me/orders?cursor=rubbish', { token: reader.token })).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'cursor' }] },
    });
  });
});
