import type { Transaction } from '../../../src/kernel/transaction.js';
import type { ShopEvent } from '../../../src/messaging/event.js';
import { EventLog, type LoggedEvent, type ShardPosition, shardOf } from '../../../src/messaging/event-log.js';
import type { Context } from '../scheduler.js';
import type { LogTable } from './log-table.js';
import type { MemoryDatabase } from './memory-database.js';
import { memoryTransaction } from './memory-unit-of-work.js';
import { sortedLocks } from './table.js';

/** The log of one domain: heads are locked in one order, positions are counted under that lock. */
export class MemoryEventLog extends EventLog {
  private readonly log: LogTable;

  constructor(
    private readonly database: MemoryDatabase,
    override readonly source: string,
    private readonly context: Context,
  ) {
    super();
    this.log = database.logOf(source);
  }

  override append(tx: Transaction, events: readonly ShopEvent[]): Promise<void> {
    const { eventLogHead } = this.database;
    const memory = memoryTransaction(tx);
    const placed = events.map((event) => ({
      event,
      shard: shardOf(event.subject),
      head: `${this.source} ${event.type} ${shardOf(event.subject)}`,
    }));
    return memory.statement(`append ${events.map(({ id }) => id).join(', ')}`, {
      locks: () =>
        sortedLocks(
          eventLogHead,
          placed.map(({ head }) => head),
        ),
      run: () => {
        for (const { event, shard, head } of placed) {
          const position = memory.get(eventLogHead, head)?.next ?? 1;
          memory.put(eventLogHead, head, { next: position + 1 });
          // As JSON, because that is what the table keeps: nobody shares objects with somebody else.
          const data = JSON.parse(JSON.stringify(event.data)) as unknown;
          memory.appends.push({ log: this.log, event: { ...event, data, shard, position } });
        }
      },
    });
  }

  override read(type: string, after: readonly ShardPosition[], rowsMaxPerShard: number): Promise<readonly LoggedEvent[]> {
    const see = (): LoggedEvent[] => after.flatMap(({ shard, position }) => this.log.after(type, shard, position, rowsMaxPerShard));
    // Polls that find nothing are most of what happens in quiet times: they take no step.
    if (this.log.isEmpty(type) || see().length === 0) return this.database.io.glance(this.source, () => []);
    return this.database.look(this.source, this.context, `read ${type}`, see);
  }

  override heads(type: string): Promise<readonly ShardPosition[]> {
    const see = (): ShardPosition[] =>
      [...this.log.shards()]
        .filter((each) => each.type === type)
        .map(({ shard, events }) => ({ shard, position: events.at(-1)?.position ?? 0 }));
    return this.database.look(this.source, this.context, `heads of ${type}`, see);
  }
}
