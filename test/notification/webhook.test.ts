import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Unavailable } from '../../src/kernel/faults.js';
import { type Notification, Notifier, notifyAll } from '../../src/notification/application/notifier.port.js';
import { ToldOnce } from '../../src/notification/infrastructure/told-once.js';
import { webhookHeaders } from '../../src/http/standard-webhooks.js';
import { WebhookNotifier } from '../../src/notification/infrastructure/webhook-notifier.js';
import { type Receiver, startReceiver } from './receiver.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const NEVER = new AbortController().signal;

const about = (id: string): Notification => ({
  id,
  type: 'test.happened',
  time: '2026-11-22T10:00:00.000Z',
  text: `${id} happened`,
  contents: { happening: { id } },
});

let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.stop());

const webhook = (options: { secret?: string; answerMsMax?: number } = {}) =>
  new WebhookNotifier({ url: receiver.url, secret: null, ...options });

describe('a webhook', () => {
  test('gets a sentence for people and the contents for programs, signed', async () => {
    await webhook({ secret: SECRET }).notify(about('e1'), NEVER);
    const [{ headers, payload, body } = expect.fail('nothing was received')] = receiver.received;
    expect(body).toEqual({ type: 'test.happened', timestamp: '2026-11-22T10:00:00.000Z', text: 'e1 happened', happening: { id: 'e1' } });
    expect(headers).toMatchObject(
      webhookHeaders({ id: 'e1', sentAt: new Date(Number(headers['webhook-timestamp']) * 1_000), body: payload }, SECRET),
    );
  });

  test('without a secret gets no signature, but the id', async () => {
    await webhook().notify(about('e1'), NEVER);
    expect(receiver.received[0]?.headers).toMatchObject({ 'webhook-id': 'e1' });
    expect(receiver.received[0]?.headers).not.toHaveProperty('webhook-signature');
  });

  test.each([301, 302, 401, 404, 410, 429, 500, 503])('that answers %i is away: the notification can wait', async (status) => {
    receiver.answerWith((response) => response.writeHead(status, { location: receiver.url }).end());
    await expect(webhook().notify(about('e1'), NEVER)).rejects.toThrow(Unavailable);
    expect(receiver.received).toHaveLength(1);
  });

  test.each([400, 413, 422])('that answers %i refuses this one', async (status) => {
    receiver.answerWith(status);
    await expect(webhook().notify(about('e1'), NEVER)).rejects.toThrow(`the webhook refused e1: it answered ${status}`);
  });

  test('that does not answer in time, hangs up or is not there is away', async () => {
    receiver.answerWith(() => {});
    await expect(webhook({ answerMsMax: 20 }).notify(about('e1'), NEVER)).rejects.toThrow(Unavailable);
    receiver.answerWith((response) => response.destroy());
    await expect(webhook().notify(about('e1'), NEVER)).rejects.toThrow(Unavailable);
    await receiver.stop();
    await expect(webhook().notify(about('e1'), NEVER)).rejects.toThrow(Unavailable);
    receiver = await startReceiver();
  });

  test('is left alone when the shop stops', async () => {
    receiver.answerWith(() => {});
    const stopping = new AbortController();
    const told = webhook().notify(about('e1'), stopping.signal);
    stopping.abort();
    await expect(told).rejects.toThrow(Unavailable);
  });
});

/** Accepts all but those that are in its way. */
class Picky extends Notifier {
  readonly accepted: string[] = [];
  readonly faults = new Map<string, Error>();

  override notify({ id }: Notification): Promise<void> {
    const fault = this.faults.get(id);
    if (fault) return Promise.reject(fault);
    this.accepted.push(id);
    return Promise.resolve();
  }
}

describe('of many notifications', () => {
  const ids = Array.from({ length: 100 }, (_, n) => `e${n}`);

  test('one that is refused keeps none of the others back', async () => {
    const picky = new Picky();
    picky.faults.set('e3', new Error('refused')).set('e50', new Error('refused, too'));
    await expect(notifyAll(picky, ids.map(about), NEVER)).rejects.toThrow('refused');
    expect(picky.accepted.toSorted()).toEqual(ids.filter((id) => !picky.faults.has(id)).toSorted());
  });

  test('an outage counts before a refusal: nothing is parked because of it', async () => {
    const picky = new Picky();
    picky.faults.set('e3', new Error('refused')).set('e50', new Unavailable('away'));
    await expect(notifyAll(picky, ids.map(about), NEVER)).rejects.toThrow(Unavailable);
  });

  test('U1, U2: a repetition tells only what was not accepted', async () => {
    const picky = new Picky();
    const once = new ToldOnce(picky);
    picky.faults.set('e3', new Error('refused'));
    await expect(notifyAll(once, ids.map(about), NEVER)).rejects.toThrow('refused');
    picky.faults.clear();
    await notifyAll(once, ids.map(about), NEVER);
    expect(picky.accepted).toHaveLength(ids.length);
    expect(picky.accepted.at(-1)).toBe('e3');
  });

  test('U1: only the latest are remembered', async () => {
    const picky = new Picky();
    const once = new ToldOnce(picky, 2);
    for (const id of ['e1', 'e2', 'e3', 'e2', 'e3', 'e1']) await once.notify(about(id), NEVER);
    expect(picky.accepted).toEqual(['e1', 'e2', 'e3', 'e1']);
  });
});
