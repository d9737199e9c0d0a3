import type { OutgoingMessage } from '../../../src/kafka/kafka-producer.js';
import { Sender } from '../../../src/messaging/kafka/sender.js';
import type { Context } from '../scheduler.js';
import type { Io } from '../store/io.js';
import type { MemoryBroker } from './memory-broker.js';

/** A process's way to the broker. */
export class MemorySender extends Sender {
  constructor(
    private readonly broker: MemoryBroker,
    private readonly io: Io,
    private readonly context: Context,
  ) {
    super();
  }

  override send(message: OutgoingMessage): Promise<void> {
    return this.produce([message], false);
  }

  override sendInOrder(messages: readonly OutgoingMessage[]): Promise<void> {
    return this.produce(messages, true);
  }

  private produce(messages: readonly OutgoingMessage[], isSafe: boolean): Promise<void> {
    const label = `send ${messages.map(nameOf).join(', ')}`;
    return this.io.perform({ kind: 'send', label, domain: 'kafka', context: this.context, tx: undefined }, () =>
      this.broker.accept(messages, isSafe),
    );
  }
}

const nameOf = ({ topic, headers }: OutgoingMessage): string =>
  `${topic} ${(headers as Record<string, string> | undefined)?.['ce_id'] ?? ''}`;
