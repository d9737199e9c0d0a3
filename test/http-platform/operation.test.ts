import { connect } from 'node:net';
import { Module } from '@nestjs/common';
import { afterEach, describe, expect, test } from 'vitest';
import { Drain } from '../../src/http/drain.js';
import { HealthChecks } from '../../src/http/health/health-checks.js';
import { createHttpApplication } from '../../src/http/http-server.js';
import { JWT_SECRET, type RunningShop, runShop } from './running-shop.js';

const running: RunningShop[] = [];
async function start(...settings: Parameters<typeof runShop>): Promise<RunningShop> {
  const shop = await runShop(...settings);
  running.push(shop);
  return shop;
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((shop) => shop.stop()));
});

describe('health and metrics', () => {
  test('a process is live always, and ready while all its parts are', async () => {
    const shop = await start();
    let up = true;
    shop.server.app.get(HealthChecks).add('till', () => (up ? Promise.resolve() : Promise.reject(new Error('out of paper'))));
    expect((await shop.send('/health/ready', { token: null })).json).toEqual({
      status: 'ok',
      details: { 'http database': { status: 'up' }, till: { status: 'up' } },
    });
    up = false;
    const answer = await shop.send('/health/ready', { token: null });
    expect(answer.status).toBe(503);
    expect(answer.json).toMatchObject({ status: 'error', details: { till: { status: 'down', message: 'out of paper' } } });
    expect((await shop.send('/health/live', { token: null })).status).toBe(200);
  });

  test('metrics count requests by the pattern of their route, so addresses that nobody serves make one series', async () => {
    const shop = await start();
    await Promise.all([
      shop.send('/api/things/1'),
      shop.send('/api/things/2'),
      shop.send('/api/a'),
      shop.send('/api/b'),
      shop.send('/api/c', { method: 'DELETE' }),
    ]);
    const { text } = await shop.send('/metrics', { token: null });
    expect(text).toContain('http_request_duration_seconds_count{method="GET",route="/api/things/:id",status="200"} 2');
    expect(text).toContain('http_request_duration_seconds_count{method="any",route="unknown",status="404"} 3');
    expect(text).toContain('process_resident_memory_bytes');
  });
});

describe('rate limits', () => {
  test('each user has an allowance per minute, told with every answer, and 429 beyond it', async () => {
    const shop = await start({ rateLimitPerMinute: 3 });
    const token = await shop.token(8);
    const answers = [];
    for (let request = 0; request < 4; request++) {
      answers.push(await shop.send('/api/things/1', { token }));
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(answers[0]?.headers.get('ratelimit-policy')).toBe('"default";q=3;w=60');
    expect(answers.map(({ headers }) => headers.get('ratelimit')?.split(';')[1])).toEqual(['r=2', 'r=1', 'r=0', 'r=0']);
    expect(answers[3]?.json).toMatchObject({ code: 'RATE_LIMITED', status: 429 });
    expect(Number(answers[3]?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect((await shop.send('/api/things/1', { token: await shop.token(9) })).status).toBe(200);
    expect((await shop.send('/health/live', { token: null })).headers.get('ratelimit')).toBeNull();
  });

  test('a route may have a limit of its own, by a field of the body', async () => {
    const shop = await start();
    const login = (email: unknown) => shop.send('/api/faults/login', { json: { email }, token: null });
    const statuses = [];
    for (const email of ['ada', 'ADA ', 'nobody', 'ada', 'ada', 'bob']) statuses.push((await login(email)).status);
    expect(statuses).toEqual([200, 200, 401, 200, 429, 200]);
    expect((await login({ a: 1 })).status).toBe(400);
  });
});

describe('live streams', () => {
  const open = async (shop: RunningShop, path: string) =>
    fetch(shop.url + path, { headers: { authorization: `Bearer ${await shop.token()}` } });

  test('events arrive, and the end of the stream ends the answer', async () => {
    const shop = await start({ rateLimitPerMinute: 100 });
    const answer = await open(shop, '/api/things/1/events');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(answer.headers.get('ratelimit')).toContain('r=99');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await answer.text()).toBe('retry: 1000\n\nid: 1\nevent: status\ndata: {"thingId":1,"owner":1}\n\n');
  });

  test('what is refused before the stream is a problem', async () => {
    const shop = await start();
    expect((await shop.send('/api/things/101/events')).json).toMatchObject({ status: 404, code: 'ORDER_NOT_FOUND' });
  });

  test('draining ends open streams, so they do not hold it up', async () => {
    const shop = await start();
    const answer = await open(shop, '/api/things/2/events');
    const text = answer.text();
    await shop.server.close();
    expect(await text).toContain('data: {"thingId":2');
  });
});

describe('the end', () => {
  test('draining lets the running request finish, refuses new ones, and is not ready', async () => {
    const shop = await start();
    const slow = shop.send('/api/things/slow', { method: 'POST' });
    await shop.doings.entered.promise;
    // A connection that is open already is all that can still ask.
    const kept = connect(shop.port, '127.0.0.1');
    await new Promise((resolve) => kept.once('connect', resolve));
    const nextAnswer = () => new Promise<string>((resolve) => kept.once('data', (bytes) => resolve(bytes.toString())));
    const partial = nextAnswer();
    kept.write('GET /health/ready HTTP/1.1\r\nHost: x\r\n');
    const closed = shop.server.close();
    expect(shop.server.app.get(Drain).isDraining).toBe(true);
    kept.write('\r\n');
    const ready = await partial;
    expect(ready).toMatch(/^HTTP\/1\.1 503 /);
    expect(ready).toContain('"status":"draining"');
    expect(ready.toLowerCase()).toContain('connection: close');
    await expect(fetch(`${shop.url}/health/live`)).rejects.toThrow('fetch failed');
    shop.doings.open();
    expect((await slow).json).toEqual({ number: 1 });
    await closed;
  });

  test('draining waits for work whose client has hung up', async () => {
    const shop = await start();
    const hangUp = new AbortController();
    const abandoned = fetch(`${shop.url}/api/things/slow`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await shop.token()}` },
      signal: hangUp.signal,
    });
    await shop.doings.entered.promise;
    hangUp.abort();
    await expect(abandoned).rejects.toThrow('aborted');
    await shop.send('/health/live');
    let isClosed = false;
    const closed = shop.server.close().then(() => (isClosed = true));
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    expect(isClosed).toBe(false);
    shop.doings.open();
    await closed;
    expect(await shop.server.app.get(Drain).finished(0)).toBe(0);
  });

  test('a taken port is one line that names PORT, a strange address one that names HOST', async () => {
    const shop = await start();
    @Module({})
    class EmptyModule {}
    const listen = async (settings: object) => {
      const server = await createHttpApplication({
        module: EmptyModule,
        database: shop.database,
        settings: { host: '127.0.0.1', port: 0, jwtSecret: JWT_SECRET, rateLimitPerMinute: 0, logLevel: 'silent', ...settings },
      });
      try {
        return await server.listen();
      } finally {
        await server.close();
      }
    };
    await expect(listen({ port: shop.port })).rejects.toThrow(`PORT ${shop.port} on 127.0.0.1 is taken`);
    await expect(listen({ host: '192.0.2.1' })).rejects.toThrow('HOST 192.0.2.1 is no address of this machine');
  });
});

test('logs hold no secrets, wherever they are', async () => {
  const shop = await start();
  await shop.send('/api/faults/error', { headers: { authorization: 'Bearer sesame.open.now' } });
  const { Logger } = await import('@nestjs/common');
  new Logger('test').warn(
    { password: 'sesame', request: { headers: { authorization: 'sesame' } }, user: { refreshToken: 'sesame' } },
    'look',
  );
  expect(shop.logs.join('')).toContain('"msg":"look"');
  expect(shop.logs.join('')).not.toContain('sesame');
});
