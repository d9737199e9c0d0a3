import { describe, expect, test } from 'vitest';
import { Overloaded, Unavailable } from '../../kernel/faults.js';
import { done, refused } from '../listener.js';
import {
  type Answer,
  answerMessageOf,
  answerNameOf,
  answerOf,
  ListenerFault,
  type Request,
  requestMessageOf,
  requestOf,
} from './answers.js';
import type { OutgoingMessage } from '../../kafka/kafka-producer.js';
import { type IncomingMessage, loggedMessageOf, receivedEventOf, UnreadableMessage } from './messages.js';
import { gapOf, rewindMessageOf } from './rewinds.js';

const EVENT = {
  id: 'order.processed:17',
  type: 'order.processed',
  source: 'order',
  subject: '33',
  time: '2026-11-30T10:00:00.000Z',
  dataschema: 'order.processed/v1',
  data: { orderId: 33, note: '주문' },
};
const LOGGED = { ...EVENT, shard: 1, position: 42 };
const REQUEST: Request = { event: EVENT, correlationId: 'c-1', replyPartition: 3, awaited: ['product.a', 'coupon.b'], expiresAtMs: 1_000 };
const NOW = new Date('2026-11-30T10:00:01.000Z');

/** As Kafka would bring it. */
const arrived = ({ topic, partition = 0, headers = {}, value = '' }: OutgoingMessage): IncomingMessage => ({
  topic,
  partition,
  offset: 0n,
  headers: new Map(Object.entries(headers as Record<string, string>)),
  value,
});

describe('an event of the log', () => {
  test('is a CloudEvent in binary mode, in the partition of its shard, under its subject', () => {
    expect(loggedMessageOf('shop.order.processed', LOGGED, 7)).toEqual({
      topic: 'shop.order.processed',
      partition: 1,
      key: '33',
      headers: {
        ce_specversion: '1.0',
        ce_id: 'order.processed:17',
        ce_type: 'order.processed',
        ce_source: 'order',
        ce_subject: '33',
        ce_time: '2026-11-30T10:00:00.000Z',
        ce_dataschema: 'order.processed/v1',
        'content-type': 'application/json',
        shard: '1',
        position: '42',
        floor: '7',
      },
      value: '{"orderId":33,"note":"주문"}',
    });
  });

  test('arrives as it was sent', () => {
    expect(receivedEventOf(arrived(loggedMessageOf('t', LOGGED, 7)))).toEqual({ event: LOGGED, floor: 7 });
  });

  test.each(['ce_id', 'ce_type', 'position', 'floor'])('without its %s is unreadable', (name) => {
    const message = arrived(loggedMessageOf('t', LOGGED, 7));
    const headers = new Map([...message.headers].filter(([each]) => each !== name));
    expect(() => receivedEventOf({ ...message, headers })).toThrow(UnreadableMessage);
  });

  test.each(['', 'no JSON'])('with the value %j is unreadable', (value) => {
    expect(() => receivedEventOf({ ...arrived(loggedMessageOf('t', LOGGED, 7)), value })).toThrow(UnreadableMessage);
  });
});

test('a request arrives as it was sent', () => {
  expect(requestOf(arrived(requestMessageOf('t', REQUEST)))).toEqual(REQUEST);
});

test('a gap arrives as it was sent, and nothing else is one', () => {
  const gap = { subscriber: 'cart.copy', type: 'product.changed', source: 'product', shard: 3, from: 9 };
  expect(gapOf(arrived(rewindMessageOf('t', gap)))).toEqual(gap);
  expect(() => gapOf({ ...arrived(rewindMessageOf('t', gap)), value: '{"from":-1}' })).toThrow(UnreadableMessage);
});

describe('an answer', () => {
  const subscriber = 'product.confirm-stock';
  const answers: readonly Answer[] = [
    { subscriber, kind: 'outcome', outcome: done({ pieces: 3 }) },
    { subscriber, kind: 'outcome', outcome: refused({ code: 'HOLD_EXPIRED', message: 'too late' }) },
    { subscriber, kind: 'unconcerned' },
    { subscriber, kind: 'fault', fault: new Unavailable('the database is not available') },
    { subscriber, kind: 'fault', fault: new Overloaded(subscriber, 3) },
    { subscriber, kind: 'fault', fault: new ListenerFault(subscriber, 'division by zero') },
  ];
  const sent = (answer: Answer) => answerMessageOf('replies', REQUEST, answer, 'order.processing.stock', NOW);

  test.each(answers)('arrives as it was given: %j', (answer) => {
    expect(answerOf(arrived(sent(answer)))).toEqual({ correlationId: 'c-1', answer });
  });

  test('goes to the partition that the asker reads', () => {
    expect(answers.map((answer) => sent(answer).partition)).toEqual(answers.map(() => 3));
  });

  test('is an event of its own: a success or a fail', () => {
    const types = answers.map((answer) => arrived(sent(answer)).headers.get('ce_type'));
    expect(types.slice(0, 2)).toEqual(['order.processing.stock.success', 'order.processed.fail']);
  });

  test.each([
    ['order.payment', 'user.deduct-balance', ['user.deduct-balance'], 'order.payment'],
    ['order.processing', 'product.confirm-stock', ['product.confirm-stock', 'coupon.use-coupon'], 'order.processing.stock'],
    ['order.processing', 'coupon.use-coupon', ['product.confirm-stock', 'coupon.use-coupon'], 'order.processing.coupon'],
  ])('to %s by %s among %j is called %s', (type, who, all, name) => {
    expect(answerNameOf(type, who, all)).toBe(name);
  });
});
