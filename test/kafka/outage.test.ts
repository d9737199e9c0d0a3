import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Kafka, startKafka } from '../../infra/kafka.js';
import { Unavailable } from '../../src/kernel/faults.js';
import { KafkaTopicMismatch } from '../../src/messaging/kafka/topics.js';
import { until } from '../messaging/world.js';
import { describeWithKafka, kafkaAt } from '../support/shared-kafka.js';
import { type KafkaWorld, startKafkaWorld } from './kafka-world.js';

let kafka: Kafka;
let world: KafkaWorld;
beforeAll(async () => {
  kafka = await startKafka();
});
afterAll(() => kafka.stop());

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const emit = (...ns: readonly number[]): Promise<void> => world.emit(...ns.map((n) => ({ n, text: '' })));
const faultOf = (asking: Promise<unknown>): Promise<unknown> =>
  asking.then(
    () => null,
    (fault: unknown) => fault,
  );

describeWithKafka('while Kafka is away', () => {
  beforeEach(async () => {
    world = await startKafkaWorld(kafkaAt(kafka.brokers));
  });
  afterEach(async () => {
    // Back in any case, also after a test that failed half-way.
    await world
      .messaging()
      .ping()
      .catch(() => kafka.restart());
    await world.stop();
  });

  test('durable events wait in the log, request events fail, and all goes on by itself when it is back', async () => {
    await world.start();
    await emit(1, 2, 3);
    await world.settle();
    await kafka.kill();
    await until('it is noticed', () =>
      world
        .messaging()
        .ping()
        .then(
          () => false,
          () => true,
        ),
    );
    await expect(world.messaging().ping()).rejects.toThrow(`Kafka at ${kafka.brokers} is not available`);
    const asked = await faultOf(world.ask(7));
    expect(asked).toBeInstanceOf(Unavailable);
    for (const n of upTo(20)) await emit(n + 3);
    expect(await world.undelivered()).toBe(20);
    await kafka.restart();
    await until('it is back', () =>
      world
        .messaging()
        .ping()
        .then(
          () => true,
          () => false,
        ),
    );
    await world.settle();
    await until('a question is answered', async () => (await faultOf(world.ask(7))) === null);
    expect(await world.notes('user')).toEqual(upTo(23));
  });

  test('a process starts and stops all the same, and delivers when it comes', async () => {
    await kafka.kill();
    await world.start();
    await expect(world.messaging().stop()).resolves.toBeUndefined();
    await world.start();
    await emit(1);
    expect(await world.notes('user')).toEqual([]);
    await kafka.restart();
    await until('the event is delivered', async () => (await world.notes('user')).length === 1);
  });
});

describeWithKafka('a Kafka that hangs', () => {
  beforeEach(async () => {
    world = await startKafkaWorld(kafkaAt(kafka.brokers));
  });
  afterEach(async () => {
    kafka.resume();
    await world.stop();
  });

  test('fails request events in time, and has every event delivered once it goes on', async () => {
    await world.start();
    await world.settle();
    kafka.pause();
    await emit(...upTo(5));
    expect(await faultOf(world.ask(7))).toBeInstanceOf(Unavailable);
    kafka.resume();
    await world.settle();
    await until('all are noted', async () => (await world.notes('user')).length === 5);
    expect(await world.notes('user')).toEqual(upTo(5));
  });
});

describeWithKafka('a topic', () => {
  beforeEach(async () => {
    world = await startKafkaWorld(kafkaAt(kafka.brokers));
  });
  afterEach(() => world.stop());

  test('with another number of partitions stops the start with a line that names it', async () => {
    const topic = world.topic('order.happened');
    await world.admin.createTopics({ topics: [topic], partitions: 3, replicas: -1 });
    const starting = await faultOf(world.start());
    expect(starting).toBeInstanceOf(KafkaTopicMismatch);
    expect((starting as Error).message).toMatch(new RegExp(`^Kafka: the topic ${topic} has 3 partitions instead of 16\\. [^\\n]+$`));
  });
});
