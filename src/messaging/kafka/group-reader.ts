import { Consumer, type Message, MessagesStreamFallbackModes, MessagesStreamModes, stringDeserializers } from '@platformatic/kafka';
import { setTimeout as sleep } from 'node:timers/promises';
import { retryDelayMs } from '../backoff.js';
import type { KafkaSettings } from '../../config/kafka-settings.js';
import { clientOptions } from '../../kafka/client-options.js';
import { MemberOffsets, partitionKey } from './member-offsets.js';
import { type IncomingMessage, UnreadableMessage } from './messages.js';

/** A member that is silent for so long has died: the others take its partitions. The least that a broker grants by default. */
const SESSION_MS = 6_000;
const HEARTBEAT_EVERY_MS = 1_000;
const FETCH_WAIT_MS = 1_000;
const COMMIT_EVERY_MS = 200;
const RETRY_MS_MAX = 2_000;
const LEAVE_MS_MAX = 3_000;
const FROM_COMMITTED = { mode: MessagesStreamModes.COMMITTED, fallbackMode: MessagesStreamFallbackModes.EARLIEST } as const;

type GroupConsumer = Consumer<string, string, string, string>;

export interface GroupReaderOptions {
  readonly settings: KafkaSettings;
  readonly group: string;
  readonly topics: readonly string[];
  /**
   * Takes one message. The next is read when it returns, so that a slow receiver slows the reading down; the message is
   * dealt with when `done` is called, then or later, and is read again after a crash if it was not.
   *
   * @throws UnreadableMessage and the message is passed over.
   */
  readonly receive: (message: IncomingMessage, done: () => void) => Promise<void> | void;
  readonly onFault: (fault: unknown, retryInMs: number | null) => void;
}

/**
 * A member of a consumer group: shares the partitions of some topics with the other members.
 *
 * M1: an offset is committed only when that message and all before it are dealt with; offsets come after the database.
 * M2: reading twice is normal: after a rebalance, a crash or an outage it goes on from what was committed.
 * M3: nothing of Kafka's ends the process: whatever breaks, the member leaves and joins again, later each time.
 */
export class GroupReader {
  private readonly stopping = new AbortController();
  private readonly offsets = new MemberOffsets();
  private readonly joining = Promise.withResolvers<void>();
  private consumer: GroupConsumer | null = null;
  private failures = 0;
  private running: Promise<void> = Promise.resolve();
  private committing: Promise<void> | null = null;

  constructor(private readonly options: GroupReaderOptions) {}

  start(): void {
    this.running = this.run();
  }

  /** It has been a member for the first time. */
  joined(): Promise<void> {
    return this.joining.promise;
  }

  /** Commits what is dealt with and leaves the group, so that the others need not wait for its silence to be noticed. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        await this.readAsMember();
      } catch (fault) {
        if (this.stopping.signal.aborted) return;
        this.failures++;
        const retryInMs = Math.min(RETRY_MS_MAX, retryDelayMs(this.failures));
        this.options.onFault(fault, retryInMs);
        await sleep(retryInMs, undefined, { signal: this.stopping.signal }).catch(() => {});
      }
    }
  }

  /** Ends when it is told to stop. @throws when anything breaks. */
  private async readAsMember(): Promise<void> {
    const { settings, group, topics } = this.options;
    const consumer: GroupConsumer = new Consumer({
      ...clientOptions(settings, `ordersaga-${group}`),
      groupId: group,
      sessionTimeout: SESSION_MS,
      rebalanceTimeout: SESSION_MS,
      heartbeatInterval: HEARTBEAT_EVERY_MS,
      maxWaitTime: FETCH_WAIT_MS,
      autocommit: false,
      deserializers: stringDeserializers,
    });
    this.consumer = consumer;
    this.offsets.clear();
    consumer.on('consumer:group:join', () => this.offsets.keepOnly(this.owned()));
    const ticking = setInterval(() => this.commitInTurn(), COMMIT_EVERY_MS);
    const stopped = Promise.withResolvers<void>();
    let close = (): void => consumer.close(true, () => {});
    const stop = (): void => {
      close();
      stopped.resolve();
    };
    this.stopping.signal.addEventListener('abort', stop, { once: true });
    const broken: Error[] = [];
    // M3: when the group is joined anew and the connection breaks meanwhile, no other sign follows, nor a heartbeat.
    consumer.on('error', (fault: Error) => {
      broken.push(fault);
      stop();
    });
    try {
      const stream = await consumer.consume({ topics: [...topics], ...FROM_COMMITTED });
      // M3: one that comes after the reading has ended, of a fetch under way, would have no listener.
      stream.on('error', () => {});
      close = () => stream.close(() => {});
      this.joining.resolve();
      for await (const message of stream) {
        await Promise.race([this.receive(message), stopped.promise]);
        if (this.stopping.signal.aborted || broken.length > 0) break;
      }
      if (!this.stopping.signal.aborted) throw broken[0] ?? new Error('the stream ended');
    } finally {
      this.stopping.signal.removeEventListener('abort', stop);
      clearInterval(ticking);
      await this.committing;
      await this.commit();
      this.consumer = null;
      await Promise.race([consumer.close(true).catch(() => {}), sleep(LEAVE_MS_MAX, undefined, { ref: false })]);
    }
  }

  private async receive(message: Message<string, string, string, string>): Promise<void> {
    const { topic, partition, offset, headers, value } = message;
    const done = this.offsets.read({ topic, partition, offset });
    try {
      await this.options.receive({ topic, partition, offset, headers, value }, done);
      this.failures = 0;
    } catch (fault) {
      if (!(fault instanceof UnreadableMessage)) throw fault;
      this.options.onFault(fault, null);
      done();
    }
  }

  private owned(): ReadonlySet<string> {
    const assignments = this.consumer?.assignments ?? [];
    return new Set(assignments.flatMap(({ topic, partitions }) => partitions.map((partition) => partitionKey({ topic, partition }))));
  }

  /** One at a time: of two that are under way the broker may take the lower one last. */
  private commitInTurn(): void {
    this.committing ??= this.commit().finally(() => (this.committing = null));
  }

  /** A commit that fails is made up by a later one, or costs a second reading. */
  private async commit(): Promise<void> {
    const { consumer } = this;
    const due = this.offsets.due(this.owned());
    if (consumer === null || due.length === 0) return;
    try {
      await consumer.commit({ offsets: due.map((offset) => ({ ...offset, leaderEpoch: -1 })) });
      this.offsets.hasCommitted(due);
    } catch {
      // Between two generations of the group nothing can be committed.
    }
  }
}
