import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import type { KafkaSettings } from '../../src/config/kafka-settings.js';
import { describeWith } from './describe-with.js';
import type { SharedKafka } from './kafka-server.js';

const shared = (await (await fetch(inject('kafkaStarter'))).json()) as SharedKafka;

/** `describe` for what needs Kafka. */
export const describeWithKafka = describeWith(shared.problem);

/** The run's own Kafka, with a prefix under which a test is alone there. Whoever kills or pauses one starts it with `startKafka`. */
export const sharedKafka = (): KafkaSettings => kafkaAt(shared.brokers);

export const kafkaAt = (brokers: string): KafkaSettings => ({
  brokers: [brokers],
  topicPrefix: `test-${randomBytes(6).toString('hex')}.`,
  tls: false,
  sasl: null,
});
