import type { OutgoingMessage } from '../../kafka/kafka-producer.js';

/** Puts messages into Kafka. All faults are `Unavailable`: a message that was not acknowledged may be there or not. */
export abstract class Sender {
  /** For what is repeated when it gets lost; messages that are sent at the same time may overtake each other. */
  abstract send(message: OutgoingMessage): Promise<void>;

  /** In this order in each partition, acknowledged by all replicas in sync. The caller sends the next when this one is there. */
  abstract sendInOrder(messages: readonly OutgoingMessage[]): Promise<void>;
}
