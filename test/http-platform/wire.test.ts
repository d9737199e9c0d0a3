import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Drain } from '../../src/http/drain.js';
import { type RunningShop, runShop } from './running-shop.js';

let shop: RunningShop;
let token: string;
beforeAll(async () => {
  shop = await runShop();
  token = await shop.token();
});
afterAll(() => shop.stop());

const SILENCE_MS_MAX = 10_000;

/** Sends bytes as they are and collects what comes back until the server ends the connection. */
function exchange(bytes: string | Uint8Array): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(shop.port, '127.0.0.1');
  let received = '';
  socket.setTimeout(SILENCE_MS_MAX, () => socket.destroy(new Error(`no end after: ${received}`)));
  socket.on('data', (chunk) => (received += chunk.toString()));
  socket.on('close', () => resolve(received));
  socket.on('error', (error: NodeJS.ErrnoException) =>
    error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve(received) : reject(error),
  );
  socket.write(bytes);
  return promise;
}

const head = (lines: readonly string[]): string =>
  `${['Host: shop', 'Connection: close', `Authorization: Bearer ${token}`, ...lines].join('\r\n')}\r\n\r\n`;

function post(body: string | Buffer, headers: readonly string[] = ['Content-Type: application/json']): Promise<string> {
  const bytes = Buffer.from(body);
  return exchange(
    Buffer.concat([Buffer.from(`POST /api/things HTTP/1.1\r\n${head([...headers, `Content-Length: ${bytes.length}`])}`), bytes]),
  );
}

/** Every answer is one whole HTTP message whose body is a problem. */
function problemIn(answer: string): { status: number; code: string; errors?: { path: string; message: string }[] } {
  const [top = '', body = ''] = answer.split('\r\n\r\n', 2);
  expect(top).toMatch(/^HTTP\/1\.1 \d{3} /);
  expect(top.toLowerCase()).toContain('content-type: application/problem+json');
  expect(answer).not.toMatch(/node_modules|\.ts:|FST_|stack/);
  const problem = JSON.parse(body) as ReturnType<typeof problemIn>;
  expect(problem.status).toBe(Number(top.slice(9, 12)));
  return problem;
}

const valid = '{"items":[{"productOptionId":1,"quantity":2}]}';

describe('bodies', () => {
  test.each([
    ['truncated JSON', valid.slice(0, -3)],
    ['two documents', `${valid}${valid}`],
    ['a key __proto__', '{"__proto__":{"x":1},"items":[]}'],
    ['a hidden key __proto__', String.raw`{"\u005f_proto__":{"x":1},"items":[]}`],
    ['constructor.prototype', '{"constructor":{"prototype":{"x":1}}}'],
    ['100,000 brackets', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['400,000 open brackets', '[{"a":'.repeat(66_000)],
    ['33 levels', `{"items":${'['.repeat(33)}${']'.repeat(33)}}`],
    ['invalid UTF-8', Buffer.from('7b2261223a22ff22 7d'.replace(' ', ''), 'hex')],
    ['overlong UTF-8', Buffer.from('7b2261223a22c08022 7d'.replace(' ', ''), 'hex')],
    ['UTF-16', Buffer.from(valid, 'utf16le')],
    ['a raw NUL', `{"items":[],"note":"a\0b"}`],
    ['a raw line break in a text', '{"note":"a\nb"}'],
    ['NaN', '{"items":NaN}'],
    ['no JSON', 'items=1'],
    ['blanks', '   '],
  ])('%s is a 400 about the body', async (_, body) => {
    expect(problemIn(await post(body))).toMatchObject({ status: 400, code: 'VALIDATION_FAILED', errors: [{ path: 'body' }] });
  });

  test('a NUL in a key or deep inside is refused by its path', async () => {
    expect(problemIn(await post(String.raw`{"items":[{"note":["a\u0000"]}]}`)).errors).toEqual([
      { path: 'items[0].note[0]', message: expect.stringContaining('NUL') },
    ]);
    expect(problemIn(await post(String.raw`{"a\u0000":1}`)).errors?.[0]?.message).toContain('NUL');
  });

  test('of duplicate keys the last one counts, for the check as for the handler', async () => {
    expect(await post('{"items":[],"items":[{"productOptionId":1,"quantity":5,"quantity":6}]}')).toContain('"pieces":6');
    expect(problemIn(await post('{"items":[{"productOptionId":1,"quantity":6,"quantity":-6}]}')).errors?.[0]?.path).toBe(
      'items[0].quantity',
    );
  });

  test('a backslash before a u is no NUL, and a whole surrogate pair is a character', async () => {
    expect(await post(String.raw`{"items":[{"productOptionId":1,"quantity":2}],"note":"\\u0000 \ud83d\ude00"}`)).toMatch(
      /^HTTP\/1\.1 201 /,
    );
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'nonsense',
    'application/jsonp',
  ])('%s is 415', async (type) => {
    expect(problemIn(await post(valid, [`Content-Type: ${type}`]))).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
  });

  test('a body without a type and a compressed body are 415', async () => {
    expect(problemIn(await post(valid, []))).toMatchObject({ status: 415 });
    expect(problemIn(await post(valid, ['Content-Type: application/json', 'Content-Encoding: gzip']))).toMatchObject({ status: 415 });
  });

  test('JSON with a charset is JSON', async () => {
    expect(await post(valid, ['Content-Type: Application/JSON; charset=UTF-8'])).toMatch(/^HTTP\/1\.1 201 /);
  });

  test('more than 1 MiB is 413, announced or not', async () => {
    const tooMuch = `{"note":"${'x'.repeat(1_048_576)}"}`;
    expect((await shop.send('/api/things', { body: tooMuch })).json).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
    const announced = await exchange(
      `POST /api/things HTTP/1.1\r\n${head(['Content-Type: application/json', 'Content-Length: 99999999999'])}`,
    );
    expect(problemIn(announced)).toMatchObject({ status: 413 });
    const chunk = `${(65_536).toString(16)}\r\n${'x'.repeat(65_536)}\r\n`;
    const chunked = await exchange(
      `POST /api/things HTTP/1.1\r\n${head(['Content-Type: application/json', 'Transfer-Encoding: chunked'])}${chunk.repeat(17)}0\r\n\r\n`,
    );
    expect(problemIn(chunked)).toMatchObject({ status: 413 });
  });

  test('a chunked body is read like any other', async () => {
    const chunks = [valid.slice(0, 10), valid.slice(10)].map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('');
    expect(
      await exchange(
        `POST /api/things HTTP/1.1\r\n${head(['Content-Type: application/json', 'Transfer-Encoding: chunked'])}${chunks}0\r\n\r\n`,
      ),
    ).toMatch(/^HTTP\/1\.1 201 /);
  });
});

describe('addresses', () => {
  test('an unknown address is 404, a wrong method is 405 with those that are right', async () => {
    expect((await shop.send('/api/nothing')).json).toMatchObject({ status: 404, code: 'NOT_FOUND', instance: '/api/nothing' });
    expect((await shop.send('/')).json).toMatchObject({ status: 404 });
    const wrong = await shop.send('/api/things/1', { method: 'PUT' });
    expect(wrong.json).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' });
    expect(wrong.headers.get('allow')).toBe('DELETE, GET, HEAD');
    expect((await shop.send('/api/things', { method: 'OPTIONS' })).headers.get('allow')).toBe('POST');
  });

  test('a slash at the end and the query do not matter, case does', async () => {
    expect((await shop.send('/api/things/1/?x=1')).status).toBe(200);
    expect((await shop.send('/api/Things/1')).status).toBe(404);
    expect((await shop.send('/api//things/1')).status).toBe(404);
  });

  test.each(['/api/things/%ff', '/api/things/%zz', '/api/things/%c0%80', '/%'])('%s is badly encoded and a 400', async (path) => {
    const answer = await exchange(`GET ${path} HTTP/1.1\r\n${head([])}`);
    expect(problemIn(answer)).toMatchObject({ status: 400, code: 'VALIDATION_FAILED', errors: [{ path: 'url' }] });
    expect(answer.toLowerCase()).toContain('x-content-type-options: nosniff');
  });

  test('NUL, climbing and very long parameters are a 400 or a 404', async () => {
    expect(problemIn(await exchange(`GET /api/things/%00 HTTP/1.1\r\n${head([])}`))).toMatchObject({
      status: 400,
      errors: [{ path: 'id' }],
    });
    expect(problemIn(await exchange(`GET /api/../../etc/passwd HTTP/1.1\r\n${head([])}`))).toMatchObject({ status: 404 });
    expect(problemIn(await exchange(`GET /docs/%2e%2e%2f%2e%2e%2fpackage.json HTTP/1.1\r\n${head([])}`)).status).toBeOneOf([403, 404]);
    expect(problemIn(await exchange(`GET /api/things/${'9'.repeat(2_000)} HTTP/1.1\r\n${head([])}`))).toMatchObject({ status: 400 });
  });
});

describe('HTTP itself', () => {
  test.each([
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['TLS', Buffer.from('160301020001000001fc0303', 'hex').toString('latin1'), 400],
    ['a header without a name', 'GET /health/live HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n', 400],
    ['a blank before the colon', 'GET /health/live HTTP/1.1\r\nHost : x\r\n\r\n', 400],
    ['a folded header', 'GET /health/live HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n', 400],
    ['a NUL in a header', 'GET /health/live HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n', 400],
    ['headers of 20 KiB', `GET /health/live HTTP/1.1\r\nHost: x\r\nA: ${'b'.repeat(20_480)}\r\n\r\n`, 431],
    ['a bare line feed', 'GET /health/live HTTP/1.1\nHost: x\n\n', 400],
    ['two lengths', 'POST /api/things HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n123456', 400],
    ['a negative length', 'POST /api/things HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', 400],
    [
      'a length and chunks',
      'POST /api/things HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['an unknown transfer encoding', 'POST /api/things HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n', 400],
    ['a transfer encoding in disguise', 'POST /api/things HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n', 415],
    [
      'chunks of a size that is none',
      'POST /api/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      400,
    ],
    [
      'a chunk longer than it says',
      `POST /api/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}{}\r\n0\r\n\r\n`,
      400,
    ],
  ])('%s is answered once, and the connection ends', async (_, bytes, status) => {
    const answer = await exchange(bytes);
    expect(answer.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
    expect(problemIn(answer).status).toBe(status);
  });

  test('a request that is smuggled behind a length is not run', async () => {
    const before = shop.doings.runs;
    const hidden = `POST /api/things HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${valid.length}\r\n\r\n${valid}`;
    await exchange(
      `POST /api/things HTTP/1.1\r\nHost: x\r\nContent-Length: ${hidden.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    );
    expect(shop.doings.runs).toBe(before);
  });

  test('a request without a host is refused, as HTTP/1.1 asks', async () => {
    expect(problemIn(await exchange('GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n'))).toMatchObject({
      status: 400,
      errors: [{ path: 'Host' }],
    });
  });

  test('the server is as well as before, and nothing of all this is still running', async () => {
    expect((await shop.send('/health/live')).json).toEqual({ status: 'ok' });
    expect((await shop.send('/api/things', { body: valid })).status).toBe(201);
    await expect.poll(() => shop.server.app.get(Drain).finished(0)).toBe(0);
  });
});
