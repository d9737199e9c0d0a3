import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Unavailable } from '../../../src/kernel/faults.js';
import { HttpDataPlatform, type HttpDataPlatformOptions } from '../../../src/order/infrastructure/http-data-platform.js';
import { dataPlatformContract } from './data-platform-contract.js';
import { idsOf, paidOrder, paidOrders } from './paid-order-events.js';
import { type ReceivingServer, TAKES_ALL, startReceivingServer } from './receiving-server.js';

dataPlatformContract('HTTP', async () => {
  const server = await startReceivingServer();
  return {
    platform: new HttpDataPlatform(server),
    received: () => Promise.resolve(server.requests.flatMap(({ events }) => events)),
    close: () => server.close(),
  };
});

const NEVER = new AbortController().signal;
const EVENTS = paidOrders(3);
const SHORT_MS = 20;
const FOR_EVER_MS = 60_000;
const LOOKS_MAX = 1_000;

// The open circuit is told in the log; here it is what is tested.
Logger.overrideLogger(false);

let server: ReceivingServer;
beforeEach(async () => {
  server = await startReceivingServer();
});
afterEach(() => server.close());

const platformWith = (options: Partial<HttpDataPlatformOptions> = {}): HttpDataPlatform =>
  new HttpDataPlatform({ url: server.url, secret: server.secret, ...options });

const acceptedOf = async (body: string, status = 200): Promise<string[]> => {
  server.behave(() => ({ status, body }));
  return [...(await platformWith().send(EVENTS, NEVER)).accepted];
};

test('a batch of CloudEvents is signed, and has the same id whenever it is sent', async () => {
  const platform = platformWith();
  await platform.send(EVENTS, NEVER);
  await platform.send(EVENTS, NEVER);
  await platform.send(EVENTS.slice(1), NEVER);
  const [first, again, other] = server.requests.map(({ headers }) => headers);
  expect(first?.['content-type']).toBe('application/cloudevents-batch+json; charset=utf-8');
  expect(again?.['webhook-id']).toBe(first?.['webhook-id']);
  expect(other?.['webhook-id']).not.toBe(first?.['webhook-id']);
});

test('a wrong secret is an outage, not the fault of an order', async () => {
  const secret = `whsec_${Buffer.alloc(24).toString('base64')}`;
  await expect(platformWith({ secret }).send(EVENTS, NEVER)).rejects.toThrow(Unavailable);
  expect(server.requests).toEqual([]);
});

describe('what the answer accepts', () => {
  test('a plain 2xx accepts all, whatever it says', async () => {
    expect(await acceptedOf('', 202)).toEqual(idsOf(EVENTS));
    expect(await acceptedOf('thank you')).toEqual(idsOf(EVENTS));
    expect(await acceptedOf('{"received": 3}')).toEqual(idsOf(EVENTS));
  });

  test('a list of the accepted is the whole truth', async () => {
    expect(await acceptedOf(JSON.stringify({ accepted: [EVENTS[1]?.id] }))).toEqual([EVENTS[1]?.id]);
    expect(await acceptedOf('{"accepted": []}')).toEqual([]);
  });

  test('the rejected are not accepted, and their reasons are kept', async () => {
    const rejected = [{ id: EVENTS[0]?.id, reason: 'unknown currency' }, { id: EVENTS[2]?.id }];
    server.behave(() => ({ status: 200, body: JSON.stringify({ rejected }) }));
    const { accepted, reasons } = await platformWith().send(EVENTS, NEVER);
    expect([...accepted]).toEqual([EVENTS[1]?.id]);
    expect([...(reasons ?? [])]).toEqual([
      [EVENTS[0]?.id, 'the data platform rejected it: unknown currency'],
      [EVENTS[2]?.id, 'the data platform rejected it: no reason was given'],
    ]);
  });
});

describe('what is nobody’s fault is an outage', () => {
  test.each([301, 401, 403, 404, 408, 429, 500, 502, 503])('%i', async (status) => {
    server.behave(() => ({ status, location: server.url }));
    await expect(platformWith().send(EVENTS, NEVER)).rejects.toThrow(Unavailable);
    expect(server.requests).toHaveLength(1);
  });

  test('no answer in time', async () => {
    server.behave(() => 'hang');
    await expect(platformWith({ answerMsMax: 50 }).send(EVENTS, NEVER)).rejects.toThrow(Unavailable);
  });

  test('the end of the program', async () => {
    server.behave(() => 'hang');
    await expect(platformWith().send(EVENTS, AbortSignal.timeout(50))).rejects.toThrow(Unavailable);
  });
});

test.each([400, 413, 422])('%i blames the batch, so that it is taken apart', async (status) => {
  server.behave(() => ({ status }));
  const refusal = await platformWith()
    .send(EVENTS, NEVER)
    .catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(Error);
  expect(refusal).not.toBeInstanceOf(Unavailable);
});

const asking =
  (platform: HttpDataPlatform): (() => Promise<unknown>) =>
  () =>
    platform.send([paidOrder(1)], NEVER).catch((error: unknown) => error);

test('after five failures in a row nobody is asked for a while', async () => {
  const ask = asking(platformWith({ openMsMin: FOR_EVER_MS, openMsMax: FOR_EVER_MS }));
  server.behave(() => ({ status: 500 }));
  for (let asked = 1; asked <= 20; asked++) expect(await ask()).toBeInstanceOf(Unavailable);
  expect(server.requests).toHaveLength(5);
});

test('then one request tells whether it is back', async () => {
  const ask = asking(platformWith({ openMsMin: SHORT_MS, openMsMax: SHORT_MS }));
  server.behave(() => ({ status: 500 }));
  for (let asked = 1; asked <= 20; asked++) await ask();
  server.behave(TAKES_ALL);
  let answer = await ask();
  for (let looks = 1; answer instanceof Unavailable && looks <= LOOKS_MAX; looks++) {
    await sleep(SHORT_MS);
    answer = await ask();
  }
  expect(answer).toMatchObject({ accepted: new Set([paidOrder(1).id]) });
  expect(await ask()).toMatchObject({ accepted: new Set([paidOrder(1).id]) });
});
