import { Admin, Producer, stringSerializers } from '@platformatic/kafka';
import type { KafkaSettings } from '../../src/config/kafka-settings.js';
import { clientOptions } from '../../src/kafka/client-options.js';
import type { OutgoingMessage } from '../../src/kafka/kafka-producer.js';
import type { Messaging } from '../../src/messaging/messaging.js';
import { type Behaviours, boundOf, listeners, startBusWorld } from '../contracts/event-bus/bus-world.js';
import { sharedKafka } from '../support/shared-kafka.js';
import { DOMAINS, kafkaMessaging } from './kafka-messaging.js';

const RETRIES_MAX = 50;

export type KafkaWorld = Awaited<ReturnType<typeof startKafkaWorld>>;

/** The bus world on Kafka, with processes of its own that come and go: each serves some domains. */
export async function startKafkaWorld(settings: KafkaSettings = sharedKafka()) {
  const world = await startBusWorld(kafkaMessaging(settings));
  const producer = new Producer({ ...clientOptions(settings, 'test'), retries: RETRIES_MAX, serializers: stringSerializers });
  const admin = new Admin(clientOptions(settings, 'test'));
  const running = new Set<Messaging>();

  return {
    ...world,
    settings,
    admin,
    topic: (type: string): string => settings.topicPrefix + type,

    /** Another process of the shop. */
    async startProcess(domains: readonly string[] = DOMAINS, behaviours: Behaviours = {}, repeatAfterMs?: number): Promise<Messaging> {
      const messaging = kafkaMessaging(settings, domains, repeatAfterMs)(world.process());
      running.add(messaging);
      await messaging.start(boundOf(listeners(behaviours), domains));
      return messaging;
    },

    /** Puts messages into Kafka that no relay sent. */
    async produce(...messages: readonly OutgoingMessage[]): Promise<void> {
      await producer.send({ messages: [...messages], acks: -1 });
    },

    async stop(): Promise<void> {
      await Promise.all([...running].map((messaging) => messaging.stop()));
      await Promise.all([producer.close(), admin.close()]);
      await world.stop();
    },
  };
}
