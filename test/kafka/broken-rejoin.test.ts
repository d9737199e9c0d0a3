import { Consumer, stringDeserializers } from '@platformatic/kafka';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Kafka, startKafka } from '../../infra/kafka.js';
import { clientOptions } from '../../src/kafka/client-options.js';
import { GroupReader } from '../../src/messaging/kafka/group-reader.js';
import { KafkaSender } from '../../src/messaging/kafka/kafka-sender.js';
import { Topics } from '../../src/messaging/kafka/topics.js';
import { until } from '../messaging/world.js';
import { describeWithKafka, kafkaAt } from '../support/shared-kafka.js';

const GROUP = 'readers';
/** It notices late that the group is joined anew, and so all others wait for it. */
const SLEEPER = { sessionTimeout: 8_000, rebalanceTimeout: 8_000, heartbeatInterval: 7_500 };
const REJOINING_MS = 2_000;

describeWithKafka('a broker that dies while a group is joined anew', () => {
  let kafka: Kafka;
  beforeAll(async () => {
    kafka = await startKafka();
  });
  afterAll(() => kafka.stop());

  test('ends no process: its members join again when it is back', async () => {
    const settings = kafkaAt(kafka.brokers);
    const topics = new Topics(settings);
    const topic = topics.ofType('order.happened');
    await topics.open([{ name: topic, partitions: 16, passing: false }]);
    const sender = new KafkaSender(settings);
    const read = new Set<string | undefined>();
    const faults: unknown[] = [];
    const reader = (): GroupReader =>
      new GroupReader({
        settings,
        group: GROUP,
        topics: [topic],
        receive: ({ value }, done) => {
          read.add(value);
          done();
        },
        onFault: (fault) => faults.push(fault),
      });
    const first = reader();
    first.start();
    await first.joined();
    const sleeper = new Consumer({ ...clientOptions(settings, 'sleeper'), ...SLEEPER, groupId: GROUP, deserializers: stringDeserializers });
    sleeper.on('error', () => {});
    await sleeper.joinGroup({});
    const second = reader();
    second.start();
    await sleep(REJOINING_MS);
    await kafka.kill();
    await until('the member whose joining broke says so', () => faults.length > 0);
    // It has done its part, and would keep the others waiting again.
    sleeper.close(true, () => {});
    await kafka.restart();
    await until('the members read again', async () => {
      await sender.send({ topic, key: '1', value: 'after' }).catch(() => {});
      return read.has('after');
    });
    expect(read).toEqual(new Set(['after']));
    await Promise.all([first.stop(), second.stop()]);
    await sender.stop();
  });
});
