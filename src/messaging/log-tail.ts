import { EventFeed, type LoggedEvent, type ShardPosition } from './event-log.js';
import { MicroBatcher } from './micro-batcher.js';

const KEPT_PER_SHARD = 64;

/**
 * The newest events of a log, read once for all consumers of this process: each has a cursor of its own, but nearly all stand near
 * the end. One that is further behind reads from the log itself.
 *
 * L3: a read begins after it was asked for, so it finds what was committed before; a hint is never answered with an older look.
 */
export class LogTail extends EventFeed {
  private readonly tails = new Map<string, TypeTail>();

  constructor(private readonly log: EventFeed) {
    super();
  }

  override get source(): string {
    return this.log.source;
  }

  override read(type: string, after: readonly ShardPosition[], rowsMaxPerShard: number): Promise<readonly LoggedEvent[]> {
    const tail = this.tails.get(type) ?? new TypeTail(this.log, type);
    this.tails.set(type, tail);
    return tail.read(after, rowsMaxPerShard);
  }

  override heads(type: string): Promise<readonly ShardPosition[]> {
    return this.log.heads(type);
  }
}

/** Events without gap up to `end`. */
interface Kept {
  readonly events: readonly LoggedEvent[];
  readonly end: number;
}

class TypeTail {
  private readonly kept = new Map<number, Kept>();
  private readonly looking: MicroBatcher<readonly ShardPosition[], void>;

  constructor(
    private readonly log: EventFeed,
    private readonly type: string,
  ) {
    this.looking = new MicroBatcher({ name: `${log.source}.log-tail`, run: (readers) => this.look(readers) });
  }

  async read(after: readonly ShardPosition[], rowsMaxPerShard: number): Promise<readonly LoggedEvent[]> {
    if (after.every((each) => this.reaches(each))) {
      await this.looking.submit(after);
      // Whoever looked may have made room.
      if (after.every((each) => this.reaches(each))) return after.flatMap((each) => this.eventsAfter(each).slice(0, rowsMaxPerShard));
    }
    return this.log.read(this.type, after, rowsMaxPerShard);
  }

  /** One look for all who have asked meanwhile. */
  private async look(readers: readonly (readonly ShardPosition[])[]): Promise<void[]> {
    for (const { shard, position } of readers.flat()) {
      if (position > (this.kept.get(shard)?.end ?? -1)) this.kept.set(shard, { events: [], end: position });
    }
    const ends = [...this.kept].map(([shard, { end }]) => ({ shard, position: end }));
    try {
      const found = await this.log.read(this.type, ends, KEPT_PER_SHARD);
      for (const [shard, events] of Map.groupBy(found, (event) => event.shard)) this.keep(shard, events);
    } catch (fault) {
      // The database may come back without what it had not made durable.
      this.kept.clear();
      throw fault;
    }
    return readers.map(() => undefined);
  }

  private keep(shard: number, found: readonly LoggedEvent[]): void {
    const known = this.kept.get(shard) as Kept;
    // The log may have dropped what came next.
    const joined = found[0]?.position === known.end + 1 ? [...known.events, ...found] : found;
    this.kept.set(shard, { events: joined.slice(-KEPT_PER_SHARD), end: joined.at(-1)?.position ?? known.end });
  }

  private reaches({ shard, position }: ShardPosition): boolean {
    const kept = this.kept.get(shard);
    return kept === undefined || position >= kept.end - kept.events.length;
  }

  private eventsAfter({ shard, position }: ShardPosition): readonly LoggedEvent[] {
    const { events = [], end = 0 } = this.kept.get(shard) ?? {};
    return position >= end ? [] : events.slice(position - end);
  }
}
