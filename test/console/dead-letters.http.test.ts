import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { deadLettersCommand } from '../../src/cli/dead-letters-command.js';
import { query } from '../support/embedded.js';
import type { Answer } from '../support/client.js';
import { startShop, type TestShop } from '../support/shop.js';

const PATH = '/api/admin/dead-letters';

let shop: TestShop;
let operator: string;
let customer: string;
let operatorId: number;

beforeAll(async () => {
  shop = await startShop();
  operator = await shop.operatorToken();
  customer = (await shop.customer()).token;
  const [row] = await query<{ id: string }>(shop.databaseUrl, `SELECT id FROM shop_user.account WHERE role = 'operator'`);
  operatorId = Number(row?.id);
});
// The events that the tests park were never published.
afterAll(() => shop.stop({ audit: false }));

// Of a subscriber that is not there (any more), so that nobody but the test touches them.
beforeEach(() =>
  query(
    shop.databaseUrl,
    `DELETE FROM shop_cart.event_parked; DELETE FROM shop_user.event_parked;
     INSERT INTO shop_cart.event_parked
       (subscriber, topic, source, shard, position, event_id, subject, event, never_gives_up, state, attempts, failures_total, failures, parked_at)
     SELECT 'cart.gone', 'order.processed', 'order', n, 1, 'order.processed:' || n, n::text,
            jsonb_build_object('id', 'order.processed:' || n, 'type', 'order.processed', 'source', 'order', 'subject', n::text,
                               'time', '2026-11-22T10:00:00.000Z', 'dataschema', 'order.processed/v1', 'data', jsonb_build_object('orderId', n)),
            false, 'DEAD', 12, 12, '[{"at": "2026-11-22T10:00:01+00:00", "name": "Error", "message": "no such cart"}]', '2026-11-22Z'::timestamptz + n * interval '1 s'
     FROM generate_series(1, 3) n;
     INSERT INTO shop_user.event_parked
       (subscriber, topic, source, shard, position, event_id, subject, event, never_gives_up, attempts, failures_total, next_attempt_at, parked_at)
     SELECT 'user.gone', 'order.payment.fail', 'order', 4, 1, 'order.payment.fail:4', '4', event, true, 5, 5, now() + interval '1 hour', '2026-11-22Z'
     FROM shop_cart.event_parked WHERE subject = '1'`,
  ),
);

const as = (token: string, method: string, path = '', body?: unknown): Promise<Answer> => shop.api(method, PATH + path, { token, body });
const ids = async (): Promise<string[]> => (await as(operator, 'GET')).body.items.map(({ id }: { id: string }) => id);
const idOf = async (eventId: string): Promise<string> =>
  (await as(operator, 'GET')).body.items.find((letter: { eventId: string }) => letter.eventId === eventId).id;

describe('GET /api/admin/dead-letters', () => {
  test('is for operators', async () => {
    expect((await as(customer, 'GET')).status).toBe(403);
    expect((await as(customer, 'POST', '/retry', {})).status).toBe(403);
  });

  test('lists what is parked in all domains, newest first', async () => {
    const { status, body } = await as(operator, 'GET');
    expect(status).toBe(200);
    expect(body.items.map(({ eventId }: { eventId: string }) => eventId)).toEqual([
      'order.processed:3',
      'order.processed:2',
      'order.processed:1',
      'order.payment.fail:4',
    ]);
    expect(body.items[0]).toEqual({
      id: expect.stringMatching(/^cart-\d+$/),
      state: 'DEAD',
      subscriber: 'cart.gone',
      topic: 'order.processed',
      source: 'order',
      eventId: 'order.processed:3',
      subject: '3',
      neverGivesUp: false,
      attempts: 12,
      failuresTotal: 12,
      nextAttemptAt: null,
      parkedAt: '2026-11-22T00:00:03.000000Z',
      lastFailure: { at: '2026-11-22T10:00:01.000Z', name: 'Error', message: 'no such cart' },
    });
  });

  test('goes page by page, and narrows', async () => {
    const first = await as(operator, 'GET', '?limit=3');
    const second = await as(operator, 'GET', `?limit=3&cursor=${first.body.nextCursor}`);
    expect([...first.body.items, ...second.body.items].map(({ id }: { id: string }) => id)).toEqual(await ids());
    expect(second.body.nextCursor).toBeNull();
    expect((await as(operator, 'GET', '?state=WAITING')).body.items).toMatchObject([{ subscriber: 'user.gone' }]);
    expect((await as(operator, 'GET', '?subscriber=cart.gone')).body.items).toHaveLength(3);
    expect((await as(operator, 'GET', '?topic=order.payment.fail')).body.items).toHaveLength(1);
    expect((await as(operator, 'GET', '?state=LOST')).status).toBe(400);
  });

  test('/{id} tells the event and its failures', async () => {
    const { status, body } = await as(operator, 'GET', `/${await idOf('order.processed:1')}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ event: { id: 'order.processed:1', data: { orderId: 1 } }, failures: [{ message: 'no such cart' }] });
    expect(await as(operator, 'GET', '/cart-999999')).toMatchObject({ status: 404, body: { code: 'DEAD_LETTER_NOT_FOUND' } });
    expect((await as(operator, 'GET', '/nonsense')).status).toBe(400);
  });
});

describe('POST /api/admin/dead-letters', () => {
  test('/{id}/retry makes it due, and is recorded', async () => {
    const id = await idOf('order.processed:1');
    const { status, body } = await as(operator, 'POST', `/${id}/retry`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ action: 'RETRY', actor: `user:${operatorId}`, deadLetterId: id, reason: null });
    expect((await as(operator, 'GET', `/${id}`)).body).toMatchObject({ state: 'WAITING', attempts: 0, failuresTotal: 12 });
  });

  test('/{id}/discard needs a reason', async () => {
    const id = await idOf('order.processed:2');
    expect((await as(operator, 'POST', `/${id}/discard`, {})).status).toBe(400);
    expect((await as(operator, 'POST', `/${id}/discard`, { reason: ' ' })).status).toBe(400);
    const { status, body } = await as(operator, 'POST', `/${id}/discard`, { reason: 'a test order' });
    expect({ status, reason: body.reason }).toEqual({ status: 200, reason: 'a test order' });
    expect((await as(operator, 'POST', `/${id}/discard`, { reason: 'again' })).status).toBe(404);
  });

  test('/{id}/resolve ends a stuck compensation, and nothing else', async () => {
    const compensation = await idOf('order.payment.fail:4');
    expect(await as(operator, 'POST', `/${compensation}/discard`, { reason: 'x' })).toMatchObject({
      status: 409,
      body: { code: 'NOT_A_DEAD_LETTER' },
    });
    const sideEffect = await idOf('order.processed:1');
    expect(await as(operator, 'POST', `/${sideEffect}/resolve`, { reason: 'x' })).toMatchObject({
      status: 409,
      body: { code: 'NOT_A_STUCK_COMPENSATION' },
    });
    expect((await as(operator, 'POST', `/${compensation}/resolve`, { reason: 'paid back by hand' })).body.action).toBe('RESOLVE');
  });

  test('/retry retries all that are dead, or a subscriber’s', async () => {
    expect((await as(operator, 'POST', '/retry', { subscriber: 'cart.other' })).body).toEqual({ retried: 0 });
    expect((await as(operator, 'POST', '/retry', {})).body).toEqual({ retried: 3 });
    expect((await as(operator, 'POST', '/retry', {})).body).toEqual({ retried: 0 });
  });

  test('leaves a record: GET /actions', async () => {
    await as(operator, 'POST', `/${await idOf('order.processed:3')}/discard`, { reason: 'a test order' });
    const first = (await as(operator, 'GET', '/actions?limit=1')).body;
    expect(first.items).toMatchObject([
      { action: 'DISCARD', actor: `user:${operatorId}`, eventId: 'order.processed:3', reason: 'a test order' },
    ]);
  });
});

test('the metrics count what is parked', async () => {
  const metrics = await (await fetch(`${shop.address}/metrics`)).text();
  expect(metrics).toMatch(
    /ordersaga_parked_events\{subscriber="product.rank-sales",event="order.processed",source="order",state="dead"\} 0/,
  );
});

describe('ordersaga dead-letters', () => {
  const run = async (args: readonly string[], env: NodeJS.ProcessEnv = { DATABASE_URL: shop.databaseUrl }) => {
    const written = { out: '', err: '' };
    const into = (name: keyof typeof written) => ({ write: (chunk: string) => (written[name] += chunk) });
    const code = await deadLettersCommand(args, env, into('out'), into('err'));
    return { code, ...written };
  };

  test('list tells a line for each and its last failure', async () => {
    const { code, out, err } = await run(['list', '--state', 'dead']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^cart-\d+ {2}DEAD {2}cart\.gone {2}order\.processed:3 {2}failed 12 time\(s\), given up$/m);
    expect(out).toContain('2026-11-22T10:00:01.000Z  no such cart');
    expect(out).not.toContain('user.gone');
    expect((await run(['list', '--limit', '1'])).out).toContain('There are more');
    expect((await run(['list', '--subscriber', 'nobody.here'])).out).toContain('Nothing is parked');
  });

  test('--json answers for programs', async () => {
    const { out } = await run(['list', '--json']);
    expect(JSON.parse(out)).toMatchObject({ more: false, items: [{ eventId: 'order.processed:3' }, {}, {}, {}] });
  });

  test('show tells the payload; an ID that is not there exits with 1', async () => {
    const { code, out } = await run(['show', await idOf('order.processed:1')]);
    expect(code).toBe(0);
    expect(out).toContain('"orderId": 1');
    expect((await run(['show', 'cart-999999'])).code).toBe(1);
  });

  test('retry, discard and resolve are recorded under the name of who did it', async () => {
    expect(await run(['retry', await idOf('order.processed:1'), '--by', 'ada'])).toMatchObject({ code: 0 });
    expect(await run(['discard', await idOf('order.processed:2'), '--reason', 'a test', '--by', 'ada'])).toMatchObject({ code: 0 });
    expect(await run(['resolve', await idOf('order.payment.fail:4'), '--reason', 'by hand', '--by', 'ada'])).toMatchObject({ code: 0 });
    expect((await run(['retry', '--all', '--by', 'ada'])).out).toBe('1 dead letter(s) will be tried again\n');
    const { out } = await run(['actions', '--limit', '4']);
    expect(out.match(/cli:ada {2}(RETRY|DISCARD|RESOLVE)/g)).toHaveLength(4);
    expect(out).toContain('"by hand"');
  });

  test('says of each ID whether it was done, and exits with 1 when one was refused', async () => {
    const id = await idOf('order.processed:1');
    const { code, out } = await run(['discard', id, 'cart-999999', '--reason', 'a test']);
    expect(code).toBe(1);
    expect(out).toBe(
      `${id}: discarded\ncart-999999: there is no parked event cart-999999: it never was, has been handled, or was discarded\n`,
    );
  });

  test.each([
    [[], /say what to do/],
    [['explode'], /unknown command: explode/],
    [['retry'], /retry needs either IDs or --all/],
    [['discard', 'cart-1'], /discard needs --reason TEXT/],
    [['list', '--state', 'lost'], /--state must be one of WAITING, DEAD/],
    [['list', '--limit', '0'], /--limit must be a whole number/],
    [['list', '--verbose'], /Unknown option '--verbose'/],
  ])('%j is wrong use: one line, exit code 2', async (args, message) => {
    const { code, out, err } = await run(args);
    expect({ code, out, lines: err.trimEnd().split('\n').length }).toEqual({ code: 2, out: '', lines: 1 });
    expect(err).toMatch(message);
  });

  test('a database that does not answer is told in one line', async () => {
    const { code, err } = await run(['list'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' });
    expect(code).toBe(2);
    expect(err).toMatch(/^ordersaga: the database does not answer .*\n$/);
  });

  test('--help tells how', async () => {
    expect(await run(['--help'], {})).toMatchObject({ code: 0, out: expect.stringContaining('Usage: ordersaga dead-letters list') });
  });
});
