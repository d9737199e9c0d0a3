import { Consumer, findErrorBy } from '@platformatic/kafka';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { retryDelayMs } from '../backoff.js';
import type { KafkaSettings } from '../../config/kafka-settings.js';
import { CALL_MS_MAX, clientOptions } from '../../kafka/client-options.js';
import { type IncomingMessage, UnreadableMessage } from './messages.js';

const FETCH_WAIT_MS = 1_000;
const FETCH_BYTES_MAX = 16 * 1_024 * 1_024;
const RETRY_MS_MAX = 2_000;

export interface PartitionReaderOptions {
  readonly settings: KafkaSettings;
  readonly topic: string;
  readonly partition: number;
  /** @throws UnreadableMessage and the message is passed over. */
  readonly receive: (message: IncomingMessage) => void;
  readonly onFault: (fault: unknown, retryInMs: number | null) => void;
}

/**
 * Reads one partition alone, without a group, from its end at the time of the start. So it is ready at once, and
 * members that come and go disturb nobody.
 */
export class PartitionReader {
  private readonly stopping = new AbortController();
  private readonly consumer: Consumer;
  private readonly begun = Promise.withResolvers<void>();
  /** Null until the end has been found out. */
  private offset: bigint | null = null;
  private failures = 0;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly options: PartitionReaderOptions) {
    // A group is what the client wants to hear; it is never joined.
    this.consumer = new Consumer({ ...clientOptions(options.settings, 'ordersaga-replies'), groupId: randomUUID() });
  }

  start(): void {
    this.running = this.run();
  }

  /** Whatever is sent after this will be read. */
  ready(): Promise<void> {
    return this.begun.promise;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.race([this.consumer.close(true).catch(() => {}), sleep(CALL_MS_MAX, undefined, { ref: false })]);
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        await this.readOn();
        this.failures = 0;
      } catch (fault) {
        if (this.stopping.signal.aborted) return;
        this.failures++;
        // What was to be read is gone, with the topic or with its age.
        if (findErrorBy(fault as Error, 'apiId', 'OFFSET_OUT_OF_RANGE')) this.offset = null;
        const retryInMs = Math.min(RETRY_MS_MAX, retryDelayMs(this.failures));
        this.options.onFault(fault, retryInMs);
        await sleep(retryInMs, undefined, { signal: this.stopping.signal }).catch(() => {});
      }
    }
  }

  private async readOn(): Promise<void> {
    const { topic, partition } = this.options;
    if (this.offset === null) {
      this.offset = await this.end();
      this.begun.resolve();
    }
    const metadata = await this.consumer.metadata({ topics: [topic], forceUpdate: this.failures > 0 });
    const known = metadata.topics.get(topic);
    const leader = known?.partitions[partition]?.leader;
    if (known === undefined || leader === undefined) throw new Error(`no broker leads ${topic}/${partition}`);
    const from = { partition, fetchOffset: this.offset, partitionMaxBytes: FETCH_BYTES_MAX, currentLeaderEpoch: -1, lastFetchedEpoch: -1 };
    const topics = [{ topicId: known.id, partitions: [from] }];
    this.take(await this.consumer.fetch({ node: leader, topics, minBytes: 1, maxBytes: FETCH_BYTES_MAX, maxWaitTime: FETCH_WAIT_MS }));
  }

  private async end(): Promise<bigint> {
    const { topic, partition } = this.options;
    const offsets = await this.consumer.listOffsets({ topics: [topic], partitions: { [topic]: [partition] } });
    const end = offsets.get(topic)?.find((offset) => offset !== undefined && offset >= 0n);
    if (end === undefined) throw new Error(`${topic}/${partition} is not there`);
    return end;
  }

  private take({ responses }: Awaited<ReturnType<Consumer['fetch']>>): void {
    const { topic, partition } = this.options;
    const batches = responses.flatMap(({ partitions }) => partitions).flatMap(({ records }) => records ?? []);
    for (const { firstOffset, lastOffsetDelta, records } of batches) {
      for (const { offsetDelta, headers, value } of records) {
        const offset = firstOffset + BigInt(offsetDelta);
        // The broker sends whole batches, also when an earlier part of one has been read.
        if (offset < (this.offset ?? 0n)) continue;
        const texts = headers.map(([name, text]) => [String(name), String(text)] as const);
        this.receive({ topic, partition, offset, headers: new Map(texts), value: value?.toString() });
      }
      this.offset = firstOffset + BigInt(lastOffsetDelta) + 1n;
    }
  }

  private receive(message: IncomingMessage): void {
    try {
      this.options.receive(message);
    } catch (fault) {
      if (!(fault instanceof UnreadableMessage)) throw fault;
      this.options.onFault(fault, null);
    }
  }
}
