import { ProduceAcks, Producer, stringSerializers } from '@platformatic/kafka';
import { MicroBatcher } from '../micro-batcher.js';
import type { KafkaSettings } from '../../config/kafka-settings.js';
import { away, CALL_MS_MAX, clientOptions } from './client-options.js';
import type { OutgoingMessage } from './messages.js';
import { Sender } from './sender.js';

const MESSAGES_PER_CALL_MAX = 500;
const MESSAGES_WAITING_MAX = 20_000;
const CALLS_IN_FLIGHT_MAX = 4;
/** A topic that has just been made, or whose leader has just changed, takes a moment. */
const RETRIES_MAX = 10;

/** Calls of the client: messages that are sent at the same time share one, and may overtake each other. */
export class KafkaSender extends Sender {
  private readonly producer: Producer<string, string, string, string>;
  private readonly batcher = new MicroBatcher<OutgoingMessage, void>({
    name: 'kafka',
    run: (messages) => this.produce(messages, ProduceAcks.LEADER).then(() => messages.map(() => undefined)),
    batchRequestsMax: MESSAGES_PER_CALL_MAX,
    queueRequestsMax: MESSAGES_WAITING_MAX,
    batchesInFlightMax: CALLS_IN_FLIGHT_MAX,
  });

  constructor(private readonly settings: KafkaSettings) {
    super();
    this.producer = new Producer({ ...clientOptions(settings, 'ordersaga-sender'), retries: RETRIES_MAX, serializers: stringSerializers });
  }

  override async send(message: OutgoingMessage): Promise<void> {
    await this.batcher.submit(message);
  }

  override async sendInOrder(messages: readonly OutgoingMessage[]): Promise<void> {
    await this.produce(messages, ProduceAcks.ALL);
  }

  async stop(): Promise<void> {
    await this.producer.close().catch(() => {});
  }

  private async produce(messages: readonly OutgoingMessage[], acks: number): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    // The client's own limits end each of its steps; this one ends them all.
    const timer = setTimeout(() => reject(new Error(`no acknowledgement within ${CALL_MS_MAX} ms`)), CALL_MS_MAX);
    try {
      await Promise.race([this.producer.send({ messages: [...messages], acks }), late]);
    } catch (error) {
      throw away(this.settings, error);
    } finally {
      clearTimeout(timer);
    }
  }
}
