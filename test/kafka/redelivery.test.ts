import { afterEach, beforeEach, expect, test } from 'vitest';
import { Happened } from '../contracts/event-bus/bus-world.js';
import type { OutgoingMessage } from '../../src/kafka/kafka-producer.js';
import { loggedMessageOf } from '../../src/messaging/kafka/messages.js';
import { LOG_SHARDS, shardOf } from '../../src/messaging/event-log.js';
import { until } from '../messaging/world.js';
import { describeWithKafka } from '../support/shared-kafka.js';
import { type KafkaWorld, startKafkaWorld } from './kafka-world.js';

let world: KafkaWorld;

/** The subjects of one shard, so that positions say in which order they were published. */
const subject = (position: number): number => position * LOG_SHARDS + 1;

const messageAt = (position: number, floor = 1, source = 'order'): OutgoingMessage => {
  const event = Happened.seal({ n: subject(position), text: '' }, source, new Date());
  return loggedMessageOf(world.topic(Happened.type), { ...event, shard: shardOf(event.subject), position }, floor);
};
const emit = (...positions: readonly number[]): Promise<void> => world.emit(...positions.map((each) => ({ n: subject(each), text: '' })));
const untilNoted = (...positions: readonly number[]): Promise<void> =>
  until(`${positions.join()} are handled`, async () => (await world.notes('user')).length >= positions.length);
const expectNoted = async (...positions: readonly number[]): Promise<void> =>
  expect(await world.notes('user')).toEqual(positions.map(subject));
/** The relay believes to have sent everything up to there. */
const loseUpTo = (position: number): Promise<unknown> =>
  world.query(`UPDATE shop_order.event_cursor SET position = $1 WHERE subscriber = 'order.kafka-relay' AND shard = 1`, [position]);

describeWithKafka('what Kafka delivers', () => {
  beforeEach(async () => {
    world = await startKafkaWorld();
  });
  afterEach(() => world.stop());

  test('twice has one effect', async () => {
    await world.startProcess(['user']);
    await world.produce(messageAt(1), messageAt(2), messageAt(1), messageAt(2), messageAt(3));
    await world.produce(messageAt(2), messageAt(3), messageAt(4));
    await untilNoted(1, 2, 3, 4);
    await expectNoted(1, 2, 3, 4);
  });

  test('in the wrong order is handled in the right one', async () => {
    const heard: number[] = [];
    await world.startProcess(['user'], {
      hear: (tx, events) => {
        tx.afterCommit(() => void heard.push(...events.map(({ data }) => data.n)));
        return Promise.resolve();
      },
    });
    await world.produce(...[3, 2, 5, 1, 4].map((position) => messageAt(position)));
    await until('all are handled', () => heard.length === 5);
    expect(heard).toEqual([1, 2, 3, 4, 5].map(subject));
  });

  test('that is none of ours is passed over', async () => {
    await world.startProcess(['user']);
    const topic = world.topic(Happened.type);
    const stranger = messageAt(1, 1, 'product');
    await world.produce({ topic, partition: 1, key: 'x', value: 'no JSON' }, { topic, partition: 1, key: 'x' }, stranger, messageAt(1));
    await untilNoted(1);
    await expectNoted(1);
  });

  test('to a subscriber that is new begins with the oldest event that the log keeps', async () => {
    await world.startProcess(['user']);
    await world.produce(messageAt(5, 5), messageAt(6, 5));
    await untilNoted(5, 6);
    await expectNoted(5, 6);
  });
});

describeWithKafka('an event that Kafka has lost', () => {
  beforeEach(async () => {
    world = await startKafkaWorld();
    await world.startProcess(['order', 'user']).then((process) => process.stop());
  });
  afterEach(() => world.stop());

  test('is missed when the next one comes, and sent again from the log', async () => {
    await emit(1, 2, 3);
    await loseUpTo(2);
    await world.startProcess();
    await untilNoted(1, 2, 3);
    await expectNoted(1, 2, 3);
  });

  test('Y4: is missed also when no other comes after it', async () => {
    await emit(1, 2, 3);
    await loseUpTo(3);
    await world.startProcess();
    await untilNoted(1, 2, 3);
    await expectNoted(1, 2, 3);
  });

  test('is missed by each subscriber alone: the others have no effect twice', async () => {
    const early = await world.startProcess();
    await emit(1, 2);
    await untilNoted(1, 2);
    await early.stop();
    await world.query(`UPDATE shop_user.event_cursor SET position = 0 WHERE subscriber = 'user.note' AND shard = 1`);
    await world.query('DELETE FROM note');
    await world.startProcess();
    await emit(3);
    await untilNoted(1, 2, 3);
    await expectNoted(1, 2, 3);
  });

  test('is asked for until its publisher is there to send it', async () => {
    await world.startProcess(['user']);
    await emit(1, 2, 3);
    await world.produce(messageAt(3));
    await loseUpTo(3);
    await world.startProcess(['order']);
    await untilNoted(1, 2, 3);
    await expectNoted(1, 2, 3);
  });
});
