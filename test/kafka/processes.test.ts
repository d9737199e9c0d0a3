import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Messaging } from '../../src/messaging/messaging.js';
import { requestMessageOf } from '../../src/messaging/kafka/answers.js';
import { done } from '../../src/messaging/listener.js';
import { Asked, type Behaviour, Happened, note, saying } from '../contracts/event-bus/bus-world.js';
import { until } from '../messaging/world.js';
import { describeWithKafka } from '../support/shared-kafka.js';
import { DOMAINS } from './kafka-messaging.js';
import { type KafkaWorld, startKafkaWorld } from './kafka-world.js';

let world: KafkaWorld;
beforeEach(async () => {
  world = await startKafkaWorld();
});
afterEach(() => world.stop());

const ask = (from: Messaging, n: number) => from.bus.emitAsync(Asked.of({ n }));
const emit = (from: Messaging, ...ns: readonly number[]): Promise<void> =>
  world.databases.of('order').run((tx) => from.bus.emit(tx, ...ns.map((n) => Happened.of({ n, text: '' }))));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describeWithKafka('domains in processes of their own', () => {
  test('ask each other and tell each other', async () => {
    const [order] = await Promise.all(DOMAINS.map((domain) => world.startProcess([domain])));
    if (!order) throw new Error('no process');
    expect(await ask(order, 7)).toMatchObject({ ok: true, answer: { stock: 5, discount: 7 } });
    await emit(order, 1, 2, 3);
    await until('all are noted', async () => (await world.notes('user')).length === 3);
    expect(await world.notes('user')).toEqual([1, 2, 3]);
  });

  test('may start in any order: a question waits for its listener', async () => {
    const order = await world.startProcess(['order']);
    const asked = ask(order, 7);
    await sleep(100);
    await world.startProcess(['product', 'coupon']);
    expect(await asked).toMatchObject({ ok: true, answer: { stock: 5, discount: 7 } });
  });

  test('that do not answer are named by the fault', async () => {
    const order = await world.startProcess(['order', 'product'], {}, 500);
    await expect(ask(order, 7)).rejects.toThrow('coupon.discount did not answer order.asked within');
  });

  test('answer a repeated question again, and two processes that ask the same get the same', async () => {
    const [first, second] = await Promise.all([world.startProcess(['order']), world.startProcess(['order'])]);
    await world.startProcess(['product', 'coupon']);
    const replies = await Promise.all([ask(first, 7), ask(second, 7), ask(first, 7)]);
    expect(replies.map((reply) => reply.ok && reply.answer)).toEqual(replies.map(() => ({ stock: 5, discount: 7 })));
  });
});

describeWithKafka('several processes of one domain', () => {
  test('share the work, and each event has one effect while they come and go', async () => {
    const order = await world.startProcess(['order']);
    const users = [await world.startProcess(['user']), await world.startProcess(['user'])];
    const emitting = (async (): Promise<void> => {
      for (const n of upTo(300)) await emit(order, n);
    })();
    await users.shift()?.stop();
    users.push(await world.startProcess(['user']));
    await users.shift()?.stop();
    await emitting;
    await until('all are noted', async () => (await world.notes('user')).length >= 300);
    await sleep(300);
    expect(await world.notes('user')).toEqual(upTo(300));
  });

  test('answer every question, while one of them leaves', async () => {
    const order = await world.startProcess(['order']);
    const answering: Behaviour = async (tx, events) => {
      await note(tx, events);
      return events.map(() => done({ stock: 1 }));
    };
    const leaving = await world.startProcess(['product', 'coupon'], { stock: answering });
    await world.startProcess(['product', 'coupon'], { stock: answering });
    const asked = upTo(100).map((n) => sleep(n * 10).then(() => ask(order, n)));
    await sleep(300);
    await leaving.stop();
    const replies = await Promise.all(asked);
    expect(replies.every(({ ok }) => ok)).toBe(true);
  });
});

describeWithKafka('a question', () => {
  test('that came too late for anybody to wait is not answered', async () => {
    const calls: number[] = [];
    const order = await world.startProcess(['order']);
    await world.startProcess(['product', 'coupon'], {
      stock: saying((n) => {
        calls.push(n);
        return done({ stock: 5 });
      }),
    });
    const topic = world.topic(Asked.type);
    const event = Asked.seal({ n: 1 }, 'order', new Date());
    const late = { event, correlationId: 'late', replyPartition: 0, awaited: ['product.stock'], expiresAtMs: Date.now() - 1 };
    await world.produce(requestMessageOf(topic, late));
    await ask(order, 17);
    expect(calls).toEqual([17]);
  });
});
