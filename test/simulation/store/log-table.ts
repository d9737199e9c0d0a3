import type { ShopEvent } from '../../../src/messaging/event.js';
import { type Floor, LOG_SHARDS, type LoggedEvent, type ShardPosition } from '../../../src/messaging/event-log.js';

/** An event at the place it will have in the log once its transaction has committed. */
export interface LogAppend {
  readonly log: LogTable;
  readonly event: LoggedEvent;
}

/** The committed events of one domain, by type and shard, in order of position. */
export class LogTable {
  private readonly topics = new Map<string, LoggedEvent[][]>();
  /** What lies below is kept for the checks, and readers do not see it. */
  private readonly retired = new Map<string, ShardPosition & { readonly type: string }>();

  constructor(readonly domain: string) {}

  write(event: LoggedEvent): void {
    const shard = this.shardsOf(event.type)[event.shard] as LoggedEvent[];
    shard.push(event);
    // Only a planted bug gives positions out of order.
    if (shard.length > 1 && (shard.at(-2) as LoggedEvent).position > event.position) shard.sort((a, b) => a.position - b.position);
  }

  /** Those after a position, at most `rowsMax`. */
  after(type: string, shard: number, position: number, rowsMax: number): readonly LoggedEvent[] {
    const events = this.topics.get(type)?.[shard];
    const last = events?.at(-1);
    if (!events || !last || last.position <= position) return [];
    const floor = this.retired.get(`${type} ${shard}`)?.position ?? 0;
    return events.filter((event) => event.position > position && event.position >= floor).slice(0, rowsMax);
  }

  /** Drops what is before this position. */
  retire(type: string, shard: number, position: number): void {
    this.retired.set(`${type} ${shard}`, { type, shard, position });
  }

  floors(): readonly Floor[] {
    return [...this.retired.values()].map((floor) => ({ ...floor, source: this.domain }));
  }

  isEmpty(type: string): boolean {
    return !this.topics.has(type);
  }

  *all(): Generator<LoggedEvent> {
    for (const shards of this.topics.values()) for (const shard of shards) yield* shard;
  }

  *shards(): Generator<{ readonly type: string; readonly shard: number; readonly events: readonly LoggedEvent[] }> {
    for (const [type, shards] of this.topics) {
      for (const [shard, events] of shards.entries()) if (events.length > 0) yield { type, shard, events };
    }
  }

  private shardsOf(type: ShopEvent['type']): LoggedEvent[][] {
    const known = this.topics.get(type) ?? Array.from({ length: LOG_SHARDS }, () => []);
    this.topics.set(type, known);
    return known;
  }
}
