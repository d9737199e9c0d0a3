import type { Transaction } from '../../../src/kernel/transaction.js';
import { type CursorLease, CursorStore, LOG_SHARDS, type ShardPosition, type Subscriber } from '../../../src/messaging/event-log.js';
import type { Context } from '../scheduler.js';
import type { CursorRow, MemoryDatabase } from './memory-database.js';
import { memoryTransaction } from './memory-unit-of-work.js';
import { lockOf } from './table.js';

const ORIGIN: CursorRow = { position: 0 };
const ALL_SHARDS = Array.from({ length: LOG_SHARDS }, (_, shard) => shard);

/** The cursors of one domain's subscribers. A row that is not there stands at 0. */
export class MemoryCursorStore extends CursorStore {
  constructor(
    private readonly database: MemoryDatabase,
    private readonly domain: string,
    private readonly context: Context,
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

  override lease(of: Subscriber, shards: readonly number[], { token, leaseMs }: CursorLease): Promise<readonly ShardPosition[]> {
    const { eventCursor } = this.database;
    const sorted = shards.toSorted((a, b) => a - b);
    return this.database.alone(this.domain, this.context, `lease cursors of ${of.subscriber} in ${of.type} of ${of.source}`, (tx) => ({
      skipLocked: true,
      locks: () => sorted.map((shard) => lockOf(eventCursor, cursorKey(of, shard))),
      run: () =>
        sorted.flatMap((shard) => {
          const key = cursorKey(of, shard);
          const row = tx.get(eventCursor, key) ?? ORIGIN;
          const isFree = !row.lease || row.lease.token === token || row.lease.untilMs < this.database.nowMs;
          if (eventCursor.locks.get(key)?.holder !== tx || !isFree) return [];
          tx.put(eventCursor, key, { ...row, lease: { token, untilMs: this.database.nowMs + leaseMs } });
          return [{ shard, position: row.position }];
        }),
    }));
  }

  override lockLeased(tx: Transaction, of: Subscriber, shards: readonly number[], token: string): Promise<readonly ShardPosition[]> {
    const { eventCursor } = this.database;
    const memory = memoryTransaction(tx);
    const sorted = shards.toSorted((a, b) => a - b);
    return memory.statement(`lock leased cursors of ${of.subscriber} in ${of.type} of ${of.source}`, {
      locks: () => sorted.map((shard) => lockOf(eventCursor, cursorKey(of, shard))),
      run: () =>
        sorted.flatMap((shard) => {
          const row = memory.get(eventCursor, cursorKey(of, shard));
          return row?.lease?.token === token ? [{ shard, position: row.position }] : [];
        }),
    });
  }

  override release(of: Subscriber, token: string): Promise<void> {
    const { eventCursor } = this.database;
    const keys = ALL_SHARDS.map((shard) => cursorKey(of, shard));
    return this.database.alone(this.domain, this.context, `release cursors of ${of.subscriber} in ${of.type} of ${of.source}`, (tx) => ({
      locks: () => keys.map((key) => lockOf(eventCursor, key)),
      run: () => {
        for (const key of keys) {
          const row = tx.get(eventCursor, key);
          if (row?.lease?.token === token) tx.put(eventCursor, key, { position: row.position });
        }
      },
    }));
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

  override moveBack(of: Subscriber, { shard, position }: ShardPosition): Promise<void> {
    const { eventCursor } = this.database;
    const key = cursorKey(of, shard);
    return this.database.alone(this.domain, this.context, `move ${of.subscriber} back to ${shard}/${position}`, (tx) => ({
      locks: () => [lockOf(eventCursor, key)],
      run: () => {
        const row = tx.get(eventCursor, key) ?? ORIGIN;
        if (row.position > position) tx.put(eventCursor, key, { ...row, position });
      },
    }));
  }
}

export const cursorKey = ({ subscriber, type, source }: Subscriber, shard: number): string => `${subscriber} ${type} ${source} ${shard}`;
