import {
  compatibilityPartitioner,
  findErrorBy,
  type MessageToProduce,
  ProduceAcks,
  Producer,
  stringSerializers,
} from '@platformatic/kafka';
import type { KafkaSettings } from '../config/kafka-settings.js';
import { CALL_MS_MAX, clientOptions } from './client-options.js';

export type OutgoingMessage = MessageToProduce<string, string, string, string>;

/** A topic that has just been made, or whose leader has just changed, takes a moment. */
const RETRIES_MAX = 10;

/** Said of the messages themselves. Everything else says that the cluster is away, busy or set wrongly, whatever they are. */
const REFUSES_CONTENTS = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD'];

interface Wanted {
  /** By whom: all replicas in sync, or the leader alone. */
  readonly acks: 'all' | 'leader';
  /** Make a topic that is not there, if the cluster lets its clients do so. */
  readonly makeTopics?: boolean;
}

const ACKS = { all: ProduceAcks.ALL, leader: ProduceAcks.LEADER } as const;

/** Puts messages into Kafka, within a bounded time. */
export class KafkaProducer {
  private readonly producer: Producer<string, string, string, string>;

  constructor(settings: KafkaSettings, clientId: string) {
    this.producer = new Producer({
      ...clientOptions(settings, clientId),
      retries: RETRIES_MAX,
      serializers: stringSerializers,
      // A key without a partition goes where the clients in other languages would put it.
      partitioner: compatibilityPartitioner,
    });
  }

  /** @throws whatever the client says; afterwards a message may be there or not. */
  async produce(messages: readonly OutgoingMessage[], { acks, makeTopics = false }: Wanted): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    // The client's own limits end each of its steps; this one ends them all.
    const timer = setTimeout(() => reject(new Error(`no acknowledgement within ${CALL_MS_MAX} ms`)), CALL_MS_MAX);
    try {
      await Promise.race([this.producer.send({ messages: [...messages], acks: ACKS[acks], autocreateTopics: makeTopics }), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    await this.producer.close().catch(() => {});
  }
}

/** Whether a fault of `produce` is about what was sent. */
export const blamesContents = (fault: unknown): boolean =>
  fault instanceof Error && REFUSES_CONTENTS.some((id) => findErrorBy(fault, 'apiId', id) !== null);
