import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestShop, startShop } from '../support/shop.js';

interface Operation {
  readonly summary?: string;
  readonly security?: unknown;
  readonly parameters?: readonly { readonly name: string }[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: unknown }>> }>>;
}

/** The routes whose names DESIGN §10 fixes. */
const FIXED_ROUTES = [
  'post /api/auth/signup',
  'post /api/auth/login',
  'post /api/auth/refresh',
  'get /api/products',
  'get /api/products/top',
  'get /api/products/{id}',
  'get /api/users/{id}/cart',
  'post /api/users/{id}/cart',
  'patch /api/users/{id}/cart/{cartItemId}',
  'delete /api/users/{id}/cart/{cartItemId}',
  'post /api/orders',
  'get /api/orders/{id}',
  'get /api/users/{id}/orders',
  'post /api/orders/{id}/payment',
  'get /api/orders/{id}/payment',
  'get /api/orders/{id}/events',
  'post /api/orders/{id}/cancel',
  'get /api/users/{id}/balance',
  'get /api/users/{id}/balance/logs',
  'post /api/users/{id}/balance/charges',
  'post /api/coupons/{id}/issue',
  'get /api/users/{id}/coupons',
  'post /api/admin/products',
  'post /api/admin/options/{id}/receipts',
  'post /api/admin/coupons',
];

let shop: TestShop;
let document: { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };

beforeAll(async () => {
  shop = await startShop();
  document = (await shop.api('GET', '/docs/openapi.json')).body;
});

afterAll(() => shop.stop());

const operations = (): [string, Operation][] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]),
  );

test('the document of the whole shop is valid OpenAPI 3.1', async () => {
  expect(await new Validator().validate({ ...document })).toEqual({ valid: true });
});

test.for(FIXED_ROUTES)('it has the route %s', (route) => {
  expect(operations().map(([name]) => name)).toContain(route);
});

describe('every route under /api', () => {
  test('says what it is for, what it answers, and that it may refuse', () => {
    for (const [name, { summary, responses }] of operations().filter(([route]) => route.includes(' /api/'))) {
      expect(summary, name).toBeTruthy();
      const statuses = Object.keys(responses);
      expect(
        statuses.some((status) => status.startsWith('2')),
        name,
      ).toBe(true);
      expect(statuses, name).toEqual(expect.arrayContaining(['429', '500', '503']));
    }
  });

  test('documents each of its errors as a problem with a code', () => {
    for (const [name, { responses }] of operations().filter(([route]) => route.includes(' /api/'))) {
      for (const [status, { content }] of Object.entries(responses).filter(([code]) => Number(code) >= 400)) {
        expect(content?.['application/problem+json']?.schema, `${name} ${status}`).toBeDefined();
      }
    }
  });

  test('that takes an id in its address documents the id and its refusal', () => {
    for (const [name, { parameters, responses }] of operations().filter(([route]) => route.includes('{'))) {
      expect(parameters?.length, name).toBeGreaterThan(0);
      expect(Object.keys(responses), name).toEqual(expect.arrayContaining(['400', '404']));
    }
  });
});
