import { Logger } from '@nestjs/common';
import { afterEach, expect, test } from 'vitest';
import { Unavailable } from '../../../src/kernel/faults.js';
import { KafkaDataPlatform } from '../../../src/order/infrastructure/kafka-data-platform.js';
import { freePort } from '../../../src/database/embedded/free-port.js';
import { describeWithKafka, kafkaAt, sharedKafka } from '../../support/shared-kafka.js';
import { dataPlatformContract } from './data-platform-contract.js';
import { idsOf, paidOrder, paidOrders } from './paid-order-events.js';
import { type PaidOrderTopic, paidOrderTopic, type TopicMessage } from './paid-order-topic.js';

const NEVER = new AbortController().signal;
const FOR_EVER_MS = 60_000;

// The open circuit is told in the log; here it is what is tested.
Logger.overrideLogger(false);

const newTopic = (...shape: [partitions?: number, configs?: Readonly<Record<string, string>>]): PaidOrderTopic =>
  paidOrderTopic(sharedKafka().brokers[0] ?? '', ...shape);

/** As a reader puts the event together again. */
function eventOf({ headers, value }: TopicMessage): { id: string } {
  const attribute = (name: string): string => headers[`ce_${name}`] ?? '';
  const names = ['specversion', 'source', 'type', 'subject', 'time', 'dataschema'];
  const attributes = Object.fromEntries(names.map((name) => [name, attribute(name)]));
  return { id: attribute('id'), ...attributes, data: JSON.parse(value) as unknown } as { id: string };
}

describeWithKafka('on a real broker', () => {
  const opened: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()));
  });

  const platformInto = ({ kafka, topic }: Pick<PaidOrderTopic, 'kafka' | 'topic'>, options = {}): KafkaDataPlatform => {
    const platform = new KafkaDataPlatform({ kafka, topic, ...options });
    opened.push(platform);
    return platform;
  };

  dataPlatformContract('Kafka', async () => {
    const topic = newTopic();
    await topic.make();
    const platform = new KafkaDataPlatform(topic);
    return {
      platform,
      received: async () => (await topic.messages()).map(eventOf),
      close: async () => {
        await Promise.all([platform.close(), topic.close()]);
      },
    };
  });

  test('an order’s events have the order’s id as their key, and so one partition', async () => {
    const topic = newTopic(8);
    opened.push(topic);
    await topic.make();
    const platform = platformInto(topic);
    await platform.send(paidOrders(40), NEVER);
    await platform.send(paidOrders(40), NEVER);
    const messages = await topic.messages();
    expect(new Set(messages.map(({ key }) => key)).size).toBe(40);
    expect(messages.every(({ key, value }) => key === String((JSON.parse(value) as { orderId: number }).orderId))).toBe(true);
    // A topic that was just made may repeat some: they are the same by their key, too.
    const partitionsOf = Map.groupBy(messages, ({ key }) => key).values();
    expect(partitionsOf.every((same) => new Set(same.map(({ partition }) => partition)).size === 1)).toBe(true);
    expect(new Set(messages.map(({ partition }) => partition)).size).toBeGreaterThan(1);
    expect(messages[0]?.headers).toMatchObject({ ce_dataschema: paidOrder(1).dataschema, 'content-type': 'application/json' });
  });

  test('a topic that is not there yet is an outage, and goes on when somebody has made it', async () => {
    const topic = newTopic();
    opened.push(topic);
    const platform = platformInto(topic);
    await expect(platform.send(paidOrders(2), NEVER)).rejects.toThrow(Unavailable);
    await topic.make();
    await expect.poll(() => platform.send(paidOrders(2), NEVER).catch(() => null), { timeout: 20_000 }).not.toBeNull();
    expect(new Set(idsOf((await topic.messages()).map(eventOf)))).toEqual(new Set(idsOf(paidOrders(2))));
  });

  test('an order that is too large for the topic is to blame, and no other', async () => {
    const topic = newTopic(1, { 'max.message.bytes': '4000' });
    opened.push(topic);
    await topic.make();
    const platform = platformInto(topic);
    const large = paidOrder(2);
    large.data.items = Array.from({ length: 100 }, () => large.data.items).flat();
    const fault = await platform.send([large], NEVER).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(Error);
    expect(fault).not.toBeInstanceOf(Unavailable);
    expect((await platform.send([paidOrder(1)], NEVER)).accepted.size).toBe(1);
  });

  test('no broker is an outage, and after some in a row nobody is asked for a while', async () => {
    const platform = platformInto(
      { kafka: kafkaAt(`127.0.0.1:${await freePort(null)}`), topic: 'paid-orders' },
      { failuresToOpen: 1, openMsMin: FOR_EVER_MS, openMsMax: FOR_EVER_MS },
    );
    await expect(platform.send(paidOrders(1), NEVER)).rejects.toThrow(Unavailable);
    await expect(platform.send(paidOrders(1), NEVER)).rejects.toThrow('the circuit to the data platform is open');
  });

  test('what is being sent when it is closed still arrives', async () => {
    const topic = newTopic();
    opened.push(topic);
    await topic.make();
    const platform = platformInto(topic);
    const sending = platform.send(paidOrders(50), NEVER);
    await platform.close();
    expect((await sending).accepted.size).toBe(50);
    await expect(platform.send(paidOrders(1), NEVER)).rejects.toThrow(Unavailable);
  });
});
