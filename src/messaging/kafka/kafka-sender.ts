import type { KafkaSettings } from '../../config/kafka-settings.js';
import { away } from '../../kafka/client-options.js';
import { KafkaProducer, type OutgoingMessage } from '../../kafka/kafka-producer.js';
import { MicroBatcher } from '../micro-batcher.js';
import { Sender } from './sender.js';

const MESSAGES_PER_CALL_MAX = 500;
const MESSAGES_WAITING_MAX = 20_000;
const CALLS_IN_FLIGHT_MAX = 4;

/** Calls of the client: messages that are sent at the same time share one, and may overtake each other. */
export class KafkaSender extends Sender {
  private readonly producer: KafkaProducer;
  private readonly batcher = new MicroBatcher<OutgoingMessage, void>({
    name: 'kafka',
    run: (messages) => this.produce(messages, 'leader').then(() => messages.map(() => undefined)),
    batchRequestsMax: MESSAGES_PER_CALL_MAX,
    queueRequestsMax: MESSAGES_WAITING_MAX,
    batchesInFlightMax: CALLS_IN_FLIGHT_MAX,
  });

  constructor(private readonly settings: KafkaSettings) {
    super();
    this.producer = new KafkaProducer(settings, 'ordersaga-sender');
  }

  override async send(message: OutgoingMessage): Promise<void> {
    await this.batcher.submit(message);
  }

  override async sendInOrder(messages: readonly OutgoingMessage[]): Promise<void> {
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
