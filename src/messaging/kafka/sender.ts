import { MicroBatcher } from '../micro-batcher.js';
import type { KafkaSettings } from '../../config/kafka-settings.js';
import { away } from '../../kafka/client-options.js';
import { KafkaProducer, type OutgoingMessage } from '../../kafka/kafka-producer.js';

const MESSAGES_PER_CALL_MAX = 500;
const MESSAGES_WAITING_MAX = 20_000;
const CALLS_IN_FLIGHT_MAX = 4;

/** Puts messages into Kafka. All faults are `Unavailable`: a message that was not acknowledged may be there or not. */
export class Sender {
  private readonly producer: KafkaProducer;
  private readonly batcher = new MicroBatcher<OutgoingMessage, void>({
    name: 'kafka',
    run: (messages) => this.produce(messages, 'leader').then(() => messages.map(() => undefined)),
    batchRequestsMax: MESSAGES_PER_CALL_MAX,
    queueRequestsMax: MESSAGES_WAITING_MAX,
    batchesInFlightMax: CALLS_IN_FLIGHT_MAX,
  });

  constructor(private readonly settings: KafkaSettings) {
    this.producer = new KafkaProducer(settings, 'ordersaga-sender');
  }

  /** For what is repeated when it gets lost: messages that are sent at the same time share a call, and may overtake each other. */
  async send(message: OutgoingMessage): Promise<void> {
    await this.batcher.submit(message);
  }

  /** In this order in each partition, acknowledged by all replicas in sync. The caller sends the next when this one is there. */
  async sendInOrder(messages: readonly OutgoingMessage[]): Promise<void> {
    await this.produce(messages, 'all');
  }

  async stop(): Promise<void> {
    await this.producer.close();
  }

  private async produce(messages: readonly OutgoingMessage[], acks: 'all' | 'leader'): Promise<void> {
    try {
      await this.producer.produce(messages, { acks });
    } catch (error) {
      throw away(this.settings, error);
    }
  }
}
