import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebhookAlerts } from '../../src/messaging/alerting/webhook-alerts.js';
import type { Alert } from '../../src/messaging/alerts.js';
import { RecordedAlerts, until } from './world.js';

const alertOn = (id: string): Alert => ({
  kind: 'dead-letter',
  subscriber: 'product.note',
  event: { id, type: 'test.happened', source: 'order', subject: '1' },
  failures: 12,
  error: { name: 'Error', message: 'poison' },
});

let received: { text: string; alert: Alert }[];
let answer: (response: ServerResponse) => void;
const server = createServer((request, response) => {
  void text(request).then((body) => {
    received.push(JSON.parse(body));
    answer(response);
  });
});
let log: RecordedAlerts;
let opened: WebhookAlerts[] = [];

beforeEach(async () => {
  received = [];
  answer = (response) => response.writeHead(204).end();
  log = new RecordedAlerts();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  await Promise.all(opened.map((alerts) => alerts.stop()));
  opened = [];
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function webhook(options: { queueAlertsMax?: number; timeoutMs?: number } = {}): WebhookAlerts {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const alerts = new WebhookAlerts({ url, besides: log, retryDelayMs: 1, ...options });
  opened.push(alerts);
  return alerts;
}

test('an alert is posted with a sentence for people, and is in the log, too', async () => {
  webhook().raise(alertOn('e1'));
  await until('it has arrived', () => received.length === 1);
  expect(received[0]?.alert).toEqual(alertOn('e1'));
  expect(received[0]?.text).toMatch(/^product\.note failed 12 times on e1 \(poison\) and gave up: /);
  expect(log.raised).toEqual([alertOn('e1')]);
});

test('what is refused is sent again, three times in all, and then the next one goes', async () => {
  answer = (response) => response.writeHead(received.at(-1)?.alert.event.id === 'e1' ? 500 : 200).end();
  const alerts = webhook();
  alerts.raise(alertOn('e1'));
  alerts.raise(alertOn('e2'));
  await until('the second has arrived', () => received.some(({ alert }) => alert.event.id === 'e2'));
  expect(received.map(({ alert }) => alert.event.id)).toEqual(['e1', 'e1', 'e1', 'e2']);
});

test('an address that never answers holds up nobody, and the queue is bounded', async () => {
  answer = () => {};
  const alerts = webhook({ queueAlertsMax: 2 });
  for (let n = 1; n <= 10; n++) alerts.raise(alertOn(`e${n}`));
  expect(log.raised).toHaveLength(10);
  await until('the first has arrived', () => received.length === 1);
  await alerts.stop();
  expect(received).toHaveLength(1);
});

test('an address that does not answer in time is left for the next try', async () => {
  answer = (response) => void (received.length > 1 && response.writeHead(200).end());
  webhook({ timeoutMs: 50 }).raise(alertOn('e1'));
  await until('it was sent again', () => received.length === 2);
  expect(received.map(({ alert }) => alert.event.id)).toEqual(['e1', 'e1']);
});
