import type { UnitOfWork } from '../../kernel/transaction.js';
import { type CursorStore, EventFeed, type LoggedEvent, type ShardPosition, type Subscriber } from '../event-log.js';
import type { ReceivedEvent } from './messages.js';

const EVENTS_HELD_PER_SHARD_MAX = 1_000;
/** A rewind takes a moment, and asking again sooner would only send everything twice. */
const ASK_EVERY_MS = 2_000;

/** A part of a log that a subscriber misses. */
export interface Gap extends Subscriber {
  readonly shard: number;
  /** The first position that is missing. */
  readonly from: number;
}

export interface ReceivedEventsOptions {
  readonly identity: Subscriber;
  readonly cursors: CursorStore;
  readonly unitOfWork: UnitOfWork;
  /** Something new can be read. */
  readonly arrived: () => void;
  /** Asks the publisher to send everything from there on again. May be lost: it is asked again. */
  readonly askForRewind: (gap: Gap) => void;
  /** Events that the publisher's log had dropped before this subscriber got them. */
  readonly onLoss: (gap: Gap, firstKept: number) => void;
}

interface Held extends ReceivedEvent {
  done: () => void;
}

interface Shard {
  /** By position. */
  readonly held: Map<number, Held>;
  /** The subscriber has handled everything up to here, as far as is known. */
  handled: number;
  askedAtMs: number;
}

/**
 * One source's events of one type as they come from Kafka: perhaps twice, perhaps not in order, perhaps with holes.
 * What a consumer reads here is the log again.
 *
 * N1: what is read continues the subscriber's cursor without a gap; a repeat is dropped, and what came early waits.
 * N2: a gap stops its shard, and the publisher is asked to send again from there, until it has; the other shards go on.
 * N3: the stored cursor is the truth: before a gap counts as one, it is read anew, for another process may have moved it.
 * N4: an event is done with (M1) when the stored cursor has passed it.
 * N5: the memory is bounded: a full shard makes the reader wait, unless it waits for what is still to come; then what
 *     does not fit is dropped, because the rewind brings it again.
 */
export class ReceivedEvents extends EventFeed {
  private readonly shards = new Map<number, Shard>();
  private roomWaiters: (() => void)[] = [];

  constructor(private readonly options: ReceivedEventsOptions) {
    super();
  }

  override get source(): string {
    return this.options.identity.source;
  }

  get identity(): Subscriber {
    return this.options.identity;
  }

  /** Takes an event from Kafka. Returns when there is room for another. */
  async take({ event, floor }: ReceivedEvent, done: () => void): Promise<void> {
    const shard = this.shardOf(event.shard);
    while (shard.held.size >= EVENTS_HELD_PER_SHARD_MAX && shard.held.has(shard.handled + 1)) {
      await new Promise<void>((resolve) => this.roomWaiters.push(resolve));
    }
    const repeated = shard.held.get(event.position);
    const full = shard.held.size >= EVENTS_HELD_PER_SHARD_MAX && event.position !== shard.handled + 1;
    if (event.position <= shard.handled || (full && !repeated)) return done();
    // The later message stands for the event from now on, so that it is the one to be read again after a crash.
    repeated?.done();
    shard.held.set(event.position, { event, floor, done });
    this.options.arrived();
  }

  override async read(_type: string, after: readonly ShardPosition[], rowsMaxPerShard: number): Promise<readonly LoggedEvent[]> {
    for (const { shard, position } of after) this.handledUpTo(shard, position);
    if (this.stopped().length > 0) await this.overcomeGaps();
    return after.flatMap(({ shard }) => this.runOf(shard, rowsMaxPerShard));
  }

  override heads(): Promise<readonly ShardPosition[]> {
    const last = ({ held, handled }: Shard): number => Math.max(handled, ...held.keys());
    return Promise.resolve([...this.shards].map(([shard, each]) => ({ shard, position: last(each) })));
  }

  /** What continues the cursor. */
  private runOf(number: number, rowsMax: number): LoggedEvent[] {
    const { held, handled } = this.shardOf(number);
    const run: LoggedEvent[] = [];
    for (let next = held.get(handled + 1); next && run.length < rowsMax; next = held.get(next.event.position + 1)) run.push(next.event);
    return run;
  }

  /** The shards that wait for what is still to come. */
  private stopped(): readonly number[] {
    return [...this.shards].filter(([, { held, handled }]) => held.size > 0 && !held.has(handled + 1)).map(([number]) => number);
  }

  private async overcomeGaps(): Promise<void> {
    const { identity, cursors } = this.options;
    for (const { shard, position } of await cursors.positions(identity)) this.handledUpTo(shard, position);
    await Promise.all(this.stopped().map((number) => this.overcomeGap(number)));
  }

  private async overcomeGap(number: number): Promise<void> {
    const { identity, askForRewind, onLoss } = this.options;
    const shard = this.shardOf(number);
    const floor = shard.held.get(Math.min(...shard.held.keys()))?.floor ?? 0;
    const gap = { ...identity, shard: number, from: shard.handled + 1 };
    if (gap.from < floor) {
      if (!(await this.skipTo(number, floor - 1))) return;
      if (shard.handled > 0) onLoss(gap, floor);
      return this.handledUpTo(number, floor - 1);
    }
    if (performance.now() - shard.askedAtMs < ASK_EVERY_MS) return;
    shard.askedAtMs = performance.now();
    askForRewind(gap);
  }

  /** What the log has dropped will never come: a new subscriber begins behind it. @returns false when another process is at work there. */
  private skipTo(shard: number, position: number): Promise<boolean> {
    const { identity, cursors, unitOfWork } = this.options;
    return unitOfWork.run(async (tx) => {
      const [locked] = await cursors.lock(tx, identity, [shard]);
      if (locked === undefined) return false;
      if (locked.position < position) await cursors.advance(tx, identity, [{ shard, position }]);
      return true;
    });
  }

  private handledUpTo(number: number, position: number): void {
    const shard = this.shardOf(number);
    if (position <= shard.handled) return;
    shard.handled = position;
    for (const [held, { done }] of shard.held) {
      if (held > position) continue;
      shard.held.delete(held);
      done();
    }
    const waiters = this.roomWaiters;
    this.roomWaiters = [];
    for (const resume of waiters) resume();
  }

  private shardOf(number: number): Shard {
    const known = this.shards.get(number) ?? { held: new Map<number, Held>(), handled: 0, askedAtMs: Number.NEGATIVE_INFINITY };
    this.shards.set(number, known);
    return known;
  }
}
