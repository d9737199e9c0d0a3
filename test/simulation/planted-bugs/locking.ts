import type { OrderId, UserId } from '../../../src/kernel/ids.js';
import type { Transaction } from '../../../src/kernel/transaction.js';
import type { ShopEvent } from '../../../src/messaging/event.js';
import { shardOf } from '../../../src/messaging/event-log.js';
import { memoryTransaction } from '../store/memory-unit-of-work.js';
import { type Key, type Table, lockOf } from '../store/table.js';
import { type PlantedBug, change } from './planted-bug.js';

type Method = (tx: Transaction, ...given: never[]) => Promise<unknown>;

/** Locks rows as they come, before the method that would have locked them in order. */
function lockingAsTheyCome<Row extends object>(
  target: object,
  name: string,
  table: Table<Row>,
  keysOf: (...given: never[]) => readonly Key[],
  arranged: (keys: readonly Key[], transaction: number) => readonly Key[] = (keys) => keys,
): void {
  change<Method>(target, name, (method) => async (tx: Transaction, ...given: never[]) => {
    const memory = memoryTransaction(tx);
    const keys = arranged([...new Set(keysOf(...given))], memory.number);
    await memory.statement(`lock ${keys.join(', ')} as they come`, {
      locks: () => keys.map((key) => lockOf(table, key)),
      run: () => undefined,
    });
    return method(tx, ...given);
  });
}

/**
 * Nobody waits in a circle, because everybody locks in one order: the table "Lock order" of the architecture. Coupons are not
 * here: two payments would have to ask for the same two coupons twice, in batches, and no history has been seen to do so.
 */
export const LOCKING_BUGS: readonly PlantedBug[] = [
  {
    name: 'saga steps are claimed in the order in which the requests come',
    breaks: 'J5',
    family: 'crowd',
    plant: ({ journals }) => {
      for (const journal of Object.values(journals)) change(journal, 'inOrder', () => (sagaIds: readonly number[]) => sagaIds);
    },
  },
  {
    name: 'orders are locked in the order in which the requests come',
    breaks: 'the order of locks',
    family: 'crowd',
    plant: ({ orders, tables }) =>
      lockingAsTheyCome(orders, 'lock', tables.orders, (ids: readonly OrderId[]) => ids.filter((id) => tables.orders.rows.has(id))),
  },
  {
    // Two transactions that write the same two shards in another order each are rare: every second one turns it round.
    name: 'heads of the log are locked in no order',
    breaks: 'the order of locks',
    family: 'crowd',
    plant: ({ logs, database }) => {
      for (const log of Object.values(logs)) {
        const headOf = ({ type, subject }: ShopEvent): string => `${log.source} ${type} ${shardOf(subject)}`;
        const heads = (events: readonly ShopEvent[]): string[] => events.map(headOf);
        lockingAsTheyCome(log, 'append', database.eventLogHead, heads, (keys, transaction) =>
          transaction % 2 === 0 ? keys : keys.toReversed(),
        );
      }
    },
  },
  {
    name: 'accounts are locked in the order in which the payments come',
    breaks: 'G3',
    family: 'crowd',
    plant: ({ accounts, tables }) => lockingAsTheyCome(accounts, 'read', tables.accounts, (ids: readonly UserId[]) => ids),
  },
];
