import type { Transaction } from '../../../src/kernel/transaction.js';
import type { ShopProcess } from '../shop-process.js';
import { memoryTransaction } from '../store/memory-unit-of-work.js';
import { type HoldRow, holdKey } from '../store/shop-tables.js';
import { sortedLocks } from '../store/table.js';

export interface Rewriting {
  readonly which: (hold: HoldRow) => boolean;
  readonly as: Partial<HoldRow>;
  /** What each piece adds to the numbers of its option. */
  readonly stock: number;
  readonly reserved: number;
}

/** Writes holds and their options as a mistake would have it, with the locks that an UPDATE takes by itself. */
export function rewriteHolds({ tables }: ShopProcess, tx: Transaction, { which, as, ...pieces }: Rewriting): Promise<void> {
  const memory = memoryTransaction(tx);
  const found = (): HoldRow[] => memory.all(tables.holds).filter(which);
  return memory.statement('rewrite holds', {
    locks: () => [
      ...sortedLocks(
        tables.options,
        found().map(({ optionId }) => optionId),
      ),
      ...sortedLocks(
        tables.holds,
        found().map(({ orderId, optionId }) => holdKey(orderId, optionId)),
      ),
    ],
    run: () => {
      for (const hold of found()) {
        memory.put(tables.holds, holdKey(hold.orderId, hold.optionId), { ...hold, ...as });
        memory.update(tables.options, hold.optionId, ({ stock, reserved }) => ({
          stock: stock + pieces.stock * hold.quantity,
          reserved: reserved + pieces.reserved * hold.quantity,
        }));
      }
    },
  });
}
