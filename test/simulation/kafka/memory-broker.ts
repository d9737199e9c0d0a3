import { LOG_SHARDS } from '../../../src/messaging/event-log.js';
import type { OutgoingMessage } from '../../../src/kafka/kafka-producer.js';
import type { IncomingMessage } from '../../../src/messaging/kafka/messages.js';
import { type Partition, partitionKey } from '../../../src/messaging/kafka/member-offsets.js';
import type { Random } from '../random.js';
import { OUTSIDE, type Scheduler } from '../scheduler.js';
import type { Striker } from '../striker.js';
import { Group } from './group.js';

/** A member that dies or hangs is missed by then; shorter than in the shop, like all periods here. */
const LOOK_FOR_MEMBERS_EVERY_MS = 400;

export const REPLIES = 'ordersaga.replies';
export const REWINDS = 'ordersaga.rewind';

export interface MemoryBrokerOptions {
  readonly scheduler: Scheduler;
  readonly striker: Striker;
  readonly random: Random;
  readonly note: (line: string) => void;
  /** Told of every offset that a group commits: of the messages that it says to have dealt with, and of those still ahead of it. */
  readonly onCommit: (group: string, dealtWith: readonly IncomingMessage[], ahead: readonly IncomingMessage[]) => void;
}

/**
 * A Kafka that keeps what it promises, and no more: order within a partition, delivery at least once, and offsets. It loses
 * what it acknowledged when it is told to, gives away partitions at any time, and never asks a member whether it has finished.
 */
export class MemoryBroker {
  private readonly topics = new Map<string, Map<number, IncomingMessage[]>>();
  private readonly groups = new Map<string, Group>();
  private readonly readers: { readonly topic: string; readonly wake: () => void }[] = [];
  private readonly shortened = new Set<string>();
  private readonly everSent = new Map<string, Set<number>>();

  constructor(private readonly options: MemoryBrokerOptions) {
    this.lookForMembers();
  }

  get isAway(): boolean {
    return this.options.striker.isOut('kafka');
  }

  /** Whether everything has been read by the groups that read it. */
  get isQuiet(): boolean {
    for (const group of this.groups.values()) if (!group.isQuiet) return false;
    return true;
  }

  group(name: string): Group {
    const { random, onCommit, scheduler } = this.options;
    const known = this.groups.get(name) ?? new Group(this, { random, scheduler, onCommit: (...messages) => onCommit(name, ...messages) });
    this.groups.set(name, known);
    return known;
  }

  watch(topic: string, wake: () => void): void {
    this.readers.push({ topic, wake });
  }

  /** @param isSafe acknowledged by all replicas in sync; what only the leader has may be gone with it. */
  accept(messages: readonly OutgoingMessage[], isSafe: boolean): void {
    const { striker, scheduler, note } = this.options;
    const [first, last] = [messages[0] as OutgoingMessage, messages.at(-1) as OutgoingMessage];
    if (!isSafe && striker.losesMessage()) return note(`  ⚡ Kafka loses a message of ${first.topic}`);
    const isMeant = ({ where }: { readonly where?: string }): boolean => where === undefined || first.topic.includes(where);
    for (const message of messages) this.keepBook(message);
    const disorder = striker.takeDelivery('messages out of order');
    if (disorder) note(`  ⚡ Kafka gets ${messages.length} messages of ${first.topic} in reverse, and later ones before them`);
    if (disorder) scheduler.after(disorder.byMs, OUTSIDE, () => this.append(messages.toReversed()));
    else this.append(messages);
    const again = striker.takeDelivery('duplicate messages', isMeant);
    if (again) {
      note(`  ⚡ Kafka gets ${messages.length} messages of ${first.topic} again`);
      scheduler.after(again.afterMs, OUTSIDE, () => this.append(messages));
    }
    const lost = isSafe ? striker.takeDelivery('lost tail', isMeant) : undefined;
    if (lost) this.truncate(last.topic, last.partition ?? 0, lost.messages);
  }

  end(topic: string, partition: number): bigint {
    return BigInt(this.topics.get(topic)?.get(partition)?.length ?? 0);
  }

  read(topic: string, partition: number, offset: bigint): IncomingMessage | undefined {
    return this.topics.get(topic)?.get(partition)?.[Number(offset)];
  }

  /** Those that have anything. */
  partitions(topic: string): Iterable<number> {
    return this.topics.get(topic)?.keys() ?? [];
  }

  /** Whether offsets were given twice here, to what got lost and to what came instead. */
  isShortened(partition: Partition): boolean {
    return this.shortened.has(partitionKey(partition));
  }

  /** Y1: up to which position everything has been here at some time. */
  sentUpTo(type: string, source: string, shard: number): number {
    const positions = this.everSent.get(`${type} ${source} ${shard}`);
    let upTo = 0;
    while (positions?.has(upTo + 1)) upTo++;
    return upTo;
  }

  /** Partitions change hands, in all groups at once. */
  rebalance(forgetsOffsets: boolean): void {
    for (const group of this.groups.values()) {
      if (forgetsOffsets) group.forgetOffsets();
      group.rebalance();
    }
  }

  private append(messages: readonly OutgoingMessage[]): void {
    for (const message of messages) {
      const { topic, partition = 0 } = message;
      const partitions = this.topics.get(topic) ?? new Map<number, IncomingMessage[]>();
      this.topics.set(topic, partitions);
      const stored = partitions.get(partition) ?? [];
      partitions.set(partition, stored);
      stored.push({
        topic,
        partition,
        offset: BigInt(stored.length),
        headers: new Map(Object.entries(headersOf(message) as Record<string, string>)),
        value: message.value,
      });
    }
    const topics = new Set(messages.map(({ topic }) => topic));
    for (const { topic, wake } of this.readers) if (topics.has(topic)) wake();
  }

  private keepBook(message: OutgoingMessage): void {
    const { ce_type: type, ce_source: source, shard, position } = headersOf(message);
    if (position === undefined) return;
    const key = `${type} ${source} ${shard}`;
    this.everSent.set(key, (this.everSent.get(key) ?? new Set()).add(Number(position)));
  }

  private truncate(topic: string, partition: number, messages: number): void {
    this.shortened.add(partitionKey({ topic, partition }));
    const stored = this.topics.get(topic)?.get(partition) ?? [];
    const lost = stored.splice(Math.max(0, stored.length - messages));
    this.options.note(`  ⚡ Kafka loses ${lost.length} acknowledged messages of ${topic}/${partition}`);
  }

  private lookForMembers(): void {
    this.options.scheduler.after(LOOK_FOR_MEMBERS_EVERY_MS, OUTSIDE, () => {
      for (const group of this.groups.values()) group.dismissTheSilent();
      this.lookForMembers();
    });
  }
}

const headersOf = ({ headers }: OutgoingMessage): Readonly<Record<string, string | undefined>> => (headers ?? {}) as Record<string, string>;

/** Every partition that a topic may have. */
export const allPartitions = (topic: string): readonly number[] =>
  topic === REWINDS ? [0] : Array.from({ length: LOG_SHARDS }, (_, partition) => partition);
