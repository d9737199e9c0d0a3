import type { IncomingMessage } from '../../../src/messaging/kafka/messages.js';
import type { Replies } from '../../../src/messaging/kafka/request-client.js';
import type { Context } from '../scheduler.js';
import type { Io } from '../store/io.js';
import { type MemoryBroker, REPLIES } from './memory-broker.js';

const LOOK_AGAIN_AFTER_MS = 100;

export interface ReplyReaderOptions {
  readonly broker: MemoryBroker;
  readonly io: Io;
  readonly context: Context;
  readonly partition: number;
  readonly receive: (message: IncomingMessage) => void;
}

/** What `PartitionReader` makes of the client: reads one partition alone, from where it ended at the start. */
export class ReplyReader implements Replies {
  private readonly begun = Promise.withResolvers<void>();
  private offset: bigint | null = null;

  constructor(private readonly options: ReplyReaderOptions) {}

  start(): void {
    this.options.broker.watch(REPLIES, () => this.wake());
    this.wake();
  }

  ready(): Promise<void> {
    return this.begun.promise;
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  private wake(): void {
    this.options.io.resume(this.options.context, () => this.readOn());
  }

  private readOn(): void {
    const { broker, partition, receive } = this.options;
    if (broker.isAway) return void setTimeout(() => this.wake(), LOOK_AGAIN_AFTER_MS);
    const end = broker.end(REPLIES, partition);
    // At the start, and when what was to be read next is gone.
    if (this.offset === null || this.offset > end) this.offset = end;
    this.begun.resolve();
    for (let message = broker.read(REPLIES, partition, this.offset); message; message = broker.read(REPLIES, partition, this.offset)) {
      this.offset++;
      receive(message);
    }
  }
}
