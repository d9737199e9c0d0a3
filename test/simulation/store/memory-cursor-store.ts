import type { Transaction } from '../../../src/kernel/transaction.js';
import { CursorStore, LOG_SHARDS, type ShardPosition, type Subscriber } from '../../../src/messaging/event-log.js';
import type { MemoryDatabase } from './memory-database.js';
import { memoryTransaction } from './memory-unit-of-work.js';
import { lockOf } from './table.js';

const ALL_SHARDS = Array.from({ length: LOG_SHARDS }, (_, shard) => shard);

/** The cursors of one domain's subscribers. A row that is not there stands at 0. */
export class MemoryCursorStore extends CursorStore {
  constructor(
    private readonly database: MemoryDatabase,
    private readonly domain: string,
  ) {
    super();
  }

  override positions(of: Subscriber): Promise<readonly ShardPosition[]> {
    const { eventCursor } = this.database;
    return this.database.io.glance(this.domain, () =>
      ALL_SHARDS.map((shard) => ({ shard, position: eventCursor.rows.get(cursorKey(of, shard))?.position ?? 0 })),
    );
  }

  override lock(tx: Transaction, of: Subscriber, shards: readonly number[]): Promise<readonly ShardPosition[]> {
    const { eventCursor } = this.database;
    const memory = memoryTransaction(tx);
    const sorted = shards.toSorted((a, b) => a - b);
    return memory.statement(`lock cursors of ${of.subscriber} in ${of.type} of ${of.source}`, {
      skipLocked: true,
      locks: () => sorted.map((shard) => lockOf(eventCursor, cursorKey(of, shard))),
      run: () =>
        sorted
          .filter((shard) => eventCursor.locks.get(cursorKey(of, shard))?.holder === memory)
          .map((shard) => ({ shard, position: memory.get(eventCursor, cursorKey(of, shard))?.position ?? 0 })),
    });
  }

  override advance(tx: Transaction, of: Subscriber, to: readonly ShardPosition[]): Promise<void> {
    const { eventCursor } = this.database;
    const memory = memoryTransaction(tx);
    return memory.statement(`advance ${of.subscriber} to ${to.map(({ shard, position }) => `${shard}/${position}`).join(', ')}`, {
      locks: () => to.map(({ shard }) => lockOf(eventCursor, cursorKey(of, shard))),
      run: () => {
        for (const { shard, position } of to) {
          const key = cursorKey(of, shard);
          if ((memory.get(eventCursor, key)?.position ?? 0) < position) memory.put(eventCursor, key, { position });
        }
      },
    });
  }
}

export const cursorKey = ({ subscriber, type, source }: Subscriber, shard: number): string => `${subscriber} ${type} ${source} ${shard}`;
