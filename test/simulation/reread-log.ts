import type { Transaction } from '../../src/kernel/transaction.js';
import { EventLog, type LoggedEvent, type ShardPosition } from '../../src/messaging/event-log.js';
import type { ShopEvent } from '../../src/messaging/event.js';

/**
 * The log as one consumer reads it. Over a broker, or after a process hung, a reader gets events again that it has handled,
 * or in another order; the consumer must make the best of whatever comes.
 */
export class RereadLog extends EventLog {
  private again: LoggedEvent[] = [];

  constructor(
    private readonly log: EventLog,
    private readonly asRead: (events: readonly LoggedEvent[]) => readonly LoggedEvent[],
  ) {
    super();
  }

  override get source(): string {
    return this.log.source;
  }

  /** The next read gives these, too. */
  reread(events: readonly LoggedEvent[]): void {
    this.again.push(...events);
  }

  override append(tx: Transaction, events: readonly ShopEvent[]): Promise<void> {
    return this.log.append(tx, events);
  }

  override heads(type: string): Promise<readonly ShardPosition[]> {
    return this.log.heads(type);
  }

  override async read(type: string, after: readonly ShardPosition[], rowsMaxPerShard: number): Promise<readonly LoggedEvent[]> {
    const events = this.asRead(await this.log.read(type, after, rowsMaxPerShard));
    return this.again.length === 0 ? events : [...this.again.splice(0), ...events];
  }
}
