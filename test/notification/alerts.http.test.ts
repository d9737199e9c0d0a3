import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { query } from '../support/embedded.js';
import { startShop, type TestShop } from '../support/shop.js';

const PATH = '/api/admin/alerts';

let shop: TestShop;
let operator: string;

beforeAll(async () => {
  shop = await startShop();
  operator = await shop.operatorToken();
});
afterAll(() => shop.stop());

beforeEach(() =>
  query(
    shop.databaseUrl,
    `DELETE FROM shop_notification.alert;
     INSERT INTO shop_notification.alert (event_id, alert, raised_at)
     SELECT format('alert.raised:cart-%s:12', n),
            jsonb_build_object('kind', 'dead-letter', 'deadLetterId', 'cart-' || n, 'subscriber', 'cart.empty-cart',
                               'event', jsonb_build_object('id', 'order.processed:' || n, 'type', 'order.processed', 'source', 'order', 'subject', n::text),
                               'failures', 12, 'failuresTotal', 12, 'error', jsonb_build_object('name', 'Error', 'message', 'no such cart')),
            '2026-11-22Z'::timestamptz + n * interval '1 s'
     FROM generate_series(1, 3) n`,
  ),
);

const as = (token: string, method: string, path = '') => shop.api(method, PATH + path, { token });
const subjectsOf = async (filter = ''): Promise<string[]> =>
  (await as(operator, 'GET', filter)).body.items.map(({ event }: { event: { subject: string } }) => event.subject);
const newest = async (): Promise<number> => (await as(operator, 'GET')).body.items[0].alertId;

test('alerts are for operators', async () => {
  const { token } = await shop.customer();
  expect((await as(token, 'GET')).status).toBe(403);
  expect((await as(token, 'POST', '/1/acknowledge')).status).toBe(403);
});

describe('GET /api/admin/alerts', () => {
  test('tells them newest first, with what to do', async () => {
    const { status, body } = await as(operator, 'GET');
    expect(status).toBe(200);
    expect(body.items[0]).toEqual({
      alertId: expect.any(Number),
      kind: 'dead-letter',
      text: 'cart.empty-cart failed 12 times on order.processed:3 (no such cart) and gave up: mend the cause, then retry or discard it (ordersaga dead-letters show cart-3)',
      deadLetterId: 'cart-3',
      subscriber: 'cart.empty-cart',
      event: { id: 'order.processed:3', type: 'order.processed', source: 'order', subject: '3' },
      failures: 12,
      failuresTotal: 12,
      error: { name: 'Error', message: 'no such cart' },
      raisedAt: '2026-11-22T00:00:03.000Z',
      acknowledgedAt: null,
      acknowledgedBy: null,
    });
    expect(await subjectsOf()).toEqual(['3', '2', '1']);
  });

  test('goes page by page', async () => {
    const first = (await as(operator, 'GET', '?limit=2')).body;
    const second = (await as(operator, 'GET', `?limit=2&cursor=${first.nextCursor}`)).body;
    expect([first.items.length, second.items.length, second.nextCursor]).toEqual([2, 1, null]);
    expect(second.items[0].event.subject).toBe('1');
  });

  test('narrows to those that nobody takes care of yet, or those that somebody does', async () => {
    await as(operator, 'POST', `/${await newest()}/acknowledge`);
    expect(await subjectsOf('?state=OPEN')).toEqual(['2', '1']);
    expect(await subjectsOf('?state=ACKNOWLEDGED')).toEqual(['3']);
    expect((await as(operator, 'GET', '?state=LOST')).status).toBe(400);
  });
});

describe('POST /api/admin/alerts/{id}/acknowledge', () => {
  test('records who and when; whoever comes later changes nothing', async () => {
    const id = await newest();
    const first = await as(operator, 'POST', `/${id}/acknowledge`);
    const [row] = await query<{ id: string }>(shop.databaseUrl, `SELECT id FROM shop_user.account WHERE role = 'operator'`);
    expect(first).toMatchObject({
      status: 200,
      body: { alertId: id, acknowledgedBy: `user:${row?.id}`, acknowledgedAt: expect.any(String) },
    });
    expect((await as(operator, 'POST', `/${id}/acknowledge`)).body).toEqual(first.body);
  });

  test('is 404 for an alert that is not there, and 400 for no id', async () => {
    expect(await as(operator, 'POST', '/999999/acknowledge')).toMatchObject({ status: 404, body: { code: 'ALERT_NOT_FOUND' } });
    expect((await as(operator, 'POST', '/nonsense/acknowledge')).status).toBe(400);
  });
});
