import { type IncomingMessage, UnreadableMessage } from '../../../src/messaging/kafka/messages.js';
import { MemberOffsets, partitionKey } from '../../../src/messaging/kafka/member-offsets.js';
import type { Context } from '../scheduler.js';
import type { Io } from '../store/io.js';
import type { Assignment, Group } from './group.js';
import { type MemoryBroker, allPartitions } from './memory-broker.js';

const COMMIT_EVERY_MS = 200;
const JOIN_AGAIN_AFTER_MS = 100;

export interface GroupMemberOptions {
  readonly broker: MemoryBroker;
  readonly io: Io;
  readonly context: Context;
  readonly group: string;
  readonly topics: readonly string[];
  readonly receive: (message: IncomingMessage, done: () => void) => Promise<void> | void;
  readonly onFault: (fault: unknown) => void;
}

/** What `GroupReader` makes of the client: reads its partitions, one message after the other, and commits what is dealt with (M1 to M3). */
export class GroupMember {
  private readonly group: Group;
  private readonly offsets = new MemberOffsets();
  private readonly positions = new Map<string, bigint>();
  private assignment: Assignment | null = null;
  private owned: ReadonlySet<string> = new Set();
  private isReading = false;
  private isWaking = false;
  private isCommitting = false;

  constructor(private readonly options: GroupMemberOptions) {
    this.group = options.broker.group(options.group);
  }

  get context(): Context {
    return this.options.context;
  }

  get isQuiet(): boolean {
    return this.context.dead || (!this.isReading && !this.isWaking && this.assignment !== null);
  }

  start(): void {
    const { broker, topics } = this.options;
    for (const topic of topics) broker.watch(topic, () => this.wake());
    this.group.join(this);
  }

  /** It reads on from what was committed, also where nothing has changed. */
  assigned(assignment: Assignment): void {
    if (assignment.generation < (this.assignment?.generation ?? 0)) return;
    const partitions = this.options.topics.flatMap((topic) => allPartitions(topic).map((partition) => ({ topic, partition })));
    this.assignment = assignment;
    this.owned = new Set(partitions.filter(({ partition }) => assignment.owns(partition)).map(partitionKey));
    this.offsets.keepOnly(this.owned);
    this.positions.clear();
    this.wake();
  }

  private wake(): void {
    if (this.isWaking || this.context.dead) return;
    this.isWaking = true;
    this.options.io.resume(this.context, () => {
      this.isWaking = false;
      void this.readOn();
    });
  }

  private async readOn(): Promise<void> {
    if (this.isReading || this.assignment === null) return;
    this.isReading = true;
    try {
      for (let message = this.next(); message; message = this.next()) {
        await this.receive(message);
        await this.options.io.pause(this.context);
      }
    } catch (fault) {
      this.options.onFault(fault);
      this.joinAgain();
    }
    this.isReading = false;
  }

  private async receive(message: IncomingMessage): Promise<void> {
    const { topic, partition, offset, headers } = message;
    this.options.io.note(this.context, `${this.options.group} reads ${topic}/${partition} ${offset} ${headers.get('ce_id') ?? ''}`);
    const dealtWith = this.offsets.read(message);
    const done = (): void => {
      dealtWith();
      this.commitSoon();
    };
    try {
      await this.options.receive(message, done);
    } catch (fault) {
      if (!(fault instanceof UnreadableMessage)) throw fault;
      this.options.onFault(fault);
      done();
    }
  }

  private next(): IncomingMessage | undefined {
    const { broker, topics } = this.options;
    if (broker.isAway) {
      setTimeout(() => this.wake(), JOIN_AGAIN_AFTER_MS);
      return undefined;
    }
    for (const topic of topics) {
      for (const partition of broker.partitions(topic)) {
        const key = partitionKey({ topic, partition });
        if (!this.owned.has(key)) continue;
        const position = this.positions.get(key) ?? this.group.committedOffset(topic, partition);
        // What it was to read next is gone: it begins again with the earliest.
        const offset = position > broker.end(topic, partition) ? 0n : position;
        const message = broker.read(topic, partition, offset);
        this.positions.set(key, message ? offset + 1n : offset);
        if (message) return message;
      }
    }
    return undefined;
  }

  private joinAgain(): void {
    this.offsets.clear();
    this.positions.clear();
    setTimeout(() => this.wake(), JOIN_AGAIN_AFTER_MS);
  }

  private commitSoon(): void {
    if (this.isCommitting) return;
    this.isCommitting = true;
    setTimeout(() => void this.commit(), COMMIT_EVERY_MS);
  }

  private async commit(): Promise<void> {
    const { io, group, context } = this.options;
    const { assignment } = this;
    const due = this.offsets.due(this.owned);
    this.isCommitting = false;
    if (assignment === null || due.length === 0) return;
    const label = `commit offsets of ${group}`;
    try {
      const isCommitted = await io.perform({ kind: 'send', label, domain: 'kafka', context, tx: undefined }, () =>
        this.group.commit(assignment.generation, due),
      );
      if (isCommitted) this.offsets.hasCommitted(due);
    } catch {
      // Made up by a later one, or it costs a second reading.
    }
  }
}
