import type { KafkaSettings } from '../../src/config/kafka-settings.js';
import { SystemClock } from '../../src/kernel/clock.js';
import { KafkaMessaging } from '../../src/messaging/kafka/kafka-messaging.js';
import { catalogue, type NewMessaging } from '../contracts/event-bus/bus-world.js';
import { sharedKafka } from '../support/shared-kafka.js';

export const DOMAINS = ['order', 'product', 'coupon', 'user'];

/** On a busy machine an answer may take a while. */
const REPEAT_AFTER_MS = 5_000;

/** Processes that meet on one Kafka under one prefix, each serving these domains. */
export const kafkaMessaging =
  (settings: KafkaSettings = sharedKafka(), domains: readonly string[] = DOMAINS, repeatAfterMs = REPEAT_AFTER_MS): NewMessaging =>
  (databases) =>
    new KafkaMessaging({ settings, catalogue, domains, databases, clock: new SystemClock(), repeatAfterMs });
