import type { OnApplicationShutdown } from '@nestjs/common';
import type { KafkaSettings } from '../../config/kafka-settings.js';
import { away } from '../../kafka/client-options.js';
import { cloudEventMessage } from '../../kafka/cloud-event-message.js';
import { blamesContents, KafkaProducer } from '../../kafka/kafka-producer.js';
import { DataPlatform, type HandOver, type PaidOrderEvent } from '../application/data-platform.port.js';
import { type CircuitOptions, DataPlatformCircuit } from './data-platform-circuit.js';

export interface KafkaDataPlatformOptions extends CircuitOptions {
  readonly kafka: KafkaSettings;
  readonly topic: string;
}

/**
 * Paid orders in a topic of Kafka: CloudEvents in binary mode, keyed by order id, acknowledged by all replicas in sync.
 * A crash may repeat some; the reader drops repeats by `ce_id`.
 *
 * T4: an outage is nobody's fault: it is told as `Unavailable`, and no event is blamed. A topic that is not there,
 *     or that we may not write to, is one too: somebody has yet to make it.
 */
export class KafkaDataPlatform extends DataPlatform implements OnApplicationShutdown {
  readonly adapter = 'kafka';
  private readonly producer: KafkaProducer;
  private readonly circuit: DataPlatformCircuit;
  private readonly sending = new Set<Promise<HandOver>>();

  constructor(private readonly options: KafkaDataPlatformOptions) {
    super();
    this.producer = new KafkaProducer(options.kafka, 'ordersaga-data-platform');
    this.circuit = new DataPlatformCircuit(options);
  }

  override async send(events: readonly PaidOrderEvent[], signal: AbortSignal): Promise<HandOver> {
    const sending = this.circuit.run(() => this.produce(events), signal);
    this.sending.add(sending);
    try {
      return await sending;
    } finally {
      this.sending.delete(sending);
    }
  }

  /** Only its acknowledgements tell what is there: a topic may keep nothing for long. */
  override present(): Promise<null> {
    return Promise.resolve(null);
  }

  /** What is on its way ends within the producer's limit. */
  override async close(): Promise<void> {
    await Promise.allSettled(this.sending);
    await this.producer.close();
  }

  onApplicationShutdown(): Promise<void> {
    return this.close();
  }

  private async produce(events: readonly PaidOrderEvent[]): Promise<HandOver> {
    const { kafka, topic } = this.options;
    try {
      await this.producer.produce(
        events.map((event) => cloudEventMessage(topic, event)),
        { acks: 'all', makeTopics: true },
      );
    } catch (error) {
      if (blamesContents(error)) throw new Error(`the topic ${topic} refused the events`, { cause: error });
      throw away(kafka, error);
    }
    return { accepted: new Set(events.map(({ id }) => id)) };
  }
}
