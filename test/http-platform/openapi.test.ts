import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningShop, runShop } from './running-shop.js';

let shop: RunningShop;
// oxlint-disable-next-line typescript/no-explicit-any -- looked into at many places
let document: any;
beforeAll(async () => {
  shop = await runShop();
  document = (await shop.send('/docs/openapi.json', { token: null })).json;
});
afterAll(() => shop.stop());

test('the document is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  expect(await validator.validate(document)).toEqual({ valid: true });
  expect(document.openapi).toBe('3.1.0');
  expect(document.info).toMatchObject({ title: 'Ordersaga', version: '1.2.3' });
});

test('a body is described by the schema that checks it', () => {
  const { requestBody } = document.paths['/api/things'].post;
  expect(requestBody.required).toBe(true);
  expect(requestBody.content['application/json'].schema).toMatchObject({
    type: 'object',
    required: ['items'],
    properties: {
      items: {
        type: 'array',
        minItems: 1,
        maxItems: 100,
        items: { properties: { quantity: { type: 'integer', minimum: 1, maximum: 1_000_000 } } },
      },
      note: { type: 'string', maxLength: 50 },
      at: { type: 'string', format: 'date-time' },
    },
  });
  expect(document.paths['/api/things/optional'].post.requestBody.required).toBe(false);
});

test('parameters are described with their types, limits and defaults', () => {
  const parameters = document.paths['/api/things/numbers'].get.parameters;
  expect(parameters).toContainEqual(
    expect.objectContaining({
      name: 'limit',
      in: 'query',
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
    }),
  );
  expect(parameters).toContainEqual(
    expect.objectContaining({
      name: 'kind',
      in: 'query',
      required: false,
      schema: { type: 'string', enum: ['odd', 'all'], default: 'all' },
    }),
  );
  expect(document.paths['/api/things/{id}'].get.parameters).toEqual([
    expect.objectContaining({
      name: 'id',
      in: 'path',
      required: true,
      schema: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
    }),
  ]);
  expect(document.paths['/api/users/{id}/things'].get.parameters).toEqual([
    expect.objectContaining({ name: 'id', in: 'path', schema: expect.objectContaining({ type: 'string' }) }),
  ]);
});

test('answers are components, with every status', () => {
  const { responses } = document.paths['/api/things'].post;
  expect(responses['201'].content['application/json'].schema).toEqual({ $ref: '#/components/schemas/Placed' });
  expect(document.components.schemas.Placed).toMatchObject({ type: 'object', required: ['thingId', 'pieces', 'run', 'key'] });
  expect(document.components.schemas.Placed.additionalProperties).toBeUndefined();
  expect(Object.keys(document.paths['/api/things/optional'].post.responses)).toEqual(expect.arrayContaining(['200', '202']));
  expect(document.paths['/api/things/{id}'].delete.responses['204'].content).toBeUndefined();
  expect(Object.keys(document.paths['/api/things/{id}/events'].get.responses['200'].content)).toEqual(['text/event-stream']);
});

test('every operation lists the problems it can answer with, by status', () => {
  const codes = (path: string, method: string, status: number) =>
    document.paths[path][method].responses[status]?.content['application/problem+json'].schema.allOf[1].properties.code.enum;
  expect(codes('/api/things', 'post', 400)).toEqual(['VALIDATION_FAILED']);
  expect(codes('/api/things', 'post', 401)).toEqual(['UNAUTHENTICATED']);
  expect(codes('/api/things', 'post', 409)).toEqual(['IDEMPOTENCY_IN_FLIGHT']);
  expect(codes('/api/things', 'post', 422)).toEqual(['INSUFFICIENT_STOCK', 'IDEMPOTENCY_KEY_REUSED']);
  expect(codes('/api/things', 'post', 429)).toEqual(['RATE_LIMITED']);
  expect(codes('/api/things', 'post', 503)).toEqual(['OVERLOADED', 'UNAVAILABLE']);
  expect(codes('/api/things/{id}', 'get', 404)).toEqual(['ORDER_NOT_FOUND']);
  expect(codes('/api/things/{id}', 'delete', 403)).toEqual(['FORBIDDEN']);
  expect(codes('/api/users/{id}/things', 'get', 404)).toEqual(['USER_NOT_FOUND']);
  expect(codes('/api/faults/login', 'post', 401)).toEqual(['INVALID_CREDENTIALS']);
});

test('public operations need no token, the others a bearer token', () => {
  expect(document.security).toEqual([{ bearer: [] }]);
  expect(document.paths['/api/faults/login'].post.security).toEqual([]);
  expect(document.paths['/api/things'].post.security).toBeUndefined();
});

test('operations have names that a generated client can use, each once', () => {
  const names = Object.values<Record<string, { operationId: string }>>(document.paths).flatMap((item) =>
    Object.values(item).map(({ operationId }) => operationId),
  );
  expect(names).toContain('thingsPlace');
  expect(new Set(names).size).toBe(names.length);
});

test('the page of the documentation works without the internet', async () => {
  const page = await shop.send('/docs', { token: null });
  expect(page.status).toBe(200);
  const files = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file = '']) => file);
  expect(files.length).toBeGreaterThan(3);
  const answers = await Promise.all(files.map((file) => shop.send(new URL(file, `${shop.url}/docs`).pathname, { token: null })));
  expect(files.filter((file) => !new URL(file, shop.url).href.startsWith(shop.url))).toEqual([]);
  expect(answers.map(({ status }) => status)).toEqual(files.map(() => 200));
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
});
