import type { IncomingMessage } from '../../../src/messaging/kafka/messages.js';
import { type Offset, partitionKey } from '../../../src/messaging/kafka/member-offsets.js';
import type { Random } from '../random.js';
import type { Scheduler } from '../scheduler.js';
import type { GroupMember } from './group-member.js';
import type { MemoryBroker } from './memory-broker.js';

/** A member hears of a new assignment so much later; until then it goes on with what it had. */
const HEARS_AFTER_MS_MAX = 60;

/** Which partitions a member believes to be its own. */
export interface Assignment {
  readonly generation: number;
  owns(partition: number): boolean;
}

export interface GroupOptions {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly onCommit: (dealtWith: readonly IncomingMessage[], ahead: readonly IncomingMessage[]) => void;
}

/** A consumer group as the broker sees it: its members, who has which partition, and the offsets that they committed. */
export class Group {
  private members: GroupMember[] = [];
  private readonly committed = new Map<string, bigint>();
  private generation = 0;

  constructor(
    private readonly broker: MemoryBroker,
    private readonly options: GroupOptions,
  ) {}

  get isQuiet(): boolean {
    return this.members.every((member) => member.isQuiet);
  }

  join(member: GroupMember): void {
    this.members.push(member);
    this.rebalance();
  }

  /** Deals the partitions anew. */
  rebalance(): void {
    const { random, scheduler } = this.options;
    const generation = ++this.generation;
    const turn = random.integer(0, 5);
    const { length } = this.members;
    this.members.forEach((member, index) => {
      const assignment = { generation, owns: (partition: number) => (partition + turn) % length === index };
      scheduler.after(random.next() * HEARS_AFTER_MS_MAX, member.context, () => member.assigned(assignment));
    });
  }

  /** Who has died is gone; who hangs is thought dead, and joins again when it has found out. */
  dismissTheSilent(): void {
    const { random, scheduler } = this.options;
    const isSilent = ({ context }: GroupMember): boolean => context.dead || context.hangsUntilMs > scheduler.nowMs;
    const silent = this.members.filter(isSilent);
    if (silent.length === 0) return;
    this.members = this.members.filter((member) => !isSilent(member));
    for (const member of silent) scheduler.after(random.next() * HEARS_AFTER_MS_MAX, member.context, () => this.join(member));
    this.rebalance();
  }

  committedOffset(topic: string, partition: number): bigint {
    return this.committed.get(partitionKey({ topic, partition })) ?? 0n;
  }

  /** @returns false for a member of an earlier generation: it has still to hear of the new one. */
  commit(generation: number, offsets: readonly Offset[]): boolean {
    if (generation !== this.generation) return false;
    for (const { topic, partition, offset } of offsets) {
      this.look(topic, partition, offset);
      this.committed.set(partitionKey({ topic, partition }), offset);
    }
    return true;
  }

  forgetOffsets(): void {
    this.committed.clear();
  }

  /** What the offsets stand for is known only as long as none has been given twice. */
  private look(topic: string, partition: number, offset: bigint): void {
    if (this.broker.isShortened({ topic, partition })) return;
    const dealtWith = this.between(topic, partition, this.committedOffset(topic, partition), offset);
    this.options.onCommit(dealtWith, this.between(topic, partition, offset, this.broker.end(topic, partition)));
  }

  private between(topic: string, partition: number, first: bigint, end: bigint): readonly IncomingMessage[] {
    const messages: IncomingMessage[] = [];
    for (let offset = first; offset < end; offset++) {
      const message = this.broker.read(topic, partition, offset);
      if (message) messages.push(message);
    }
    return messages;
  }
}
