import { EventFeed, type LoggedEvent, type ShardPosition } from '../../src/messaging/event-log.js';

/**
 * A log, or what has come of it, as one consumer reads it. Over a broker, or after a process hung, a reader gets events again
 * that it has handled, or in another order; the consumer must make the best of whatever comes.
 */
export class RereadFeed extends EventFeed {
  private again: LoggedEvent[] = [];

  constructor(
    private readonly feed: EventFeed,
    private readonly asRead: (events: readonly LoggedEvent[]) => readonly LoggedEvent[],
  ) {
    super();
  }

  override get source(): string {
    return this.feed.source;
  }

  /** The next read gives these, too. */
  reread(events: readonly LoggedEvent[]): void {
    this.again.push(...events);
  }

  override heads(type: string): Promise<readonly ShardPosition[]> {
    return this.feed.heads(type);
  }

  override async read(type: string, after: readonly ShardPosition[], rowsMaxPerShard: number): Promise<readonly LoggedEvent[]> {
    const events = this.asRead(await this.feed.read(type, after, rowsMaxPerShard));
    return this.again.length === 0 ? events : [...this.again.splice(0), ...events];
  }
}
