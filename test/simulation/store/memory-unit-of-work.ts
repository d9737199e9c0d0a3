import { type Transaction, UnitOfWork } from '../../../src/kernel/transaction.js';
import type { Context } from '../scheduler.js';
import type { MemoryDatabase } from './memory-database.js';
import { Deadlock, MemoryTransaction } from './memory-transaction.js';

const TRANSACTION_ATTEMPTS_MAX = 5;
const RETRY_DELAY_MS_MAX = 200;

/** One domain's transactions, as `src/database/database.ts` runs them: deadlocks are tried again, an unknown commit is a fault. */
export class MemoryUnitOfWork extends UnitOfWork {
  constructor(
    private readonly database: MemoryDatabase,
    readonly domain: string,
    private readonly context: Context,
  ) {
    super();
  }

  override async run<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.attempt(work);
      } catch (fault) {
        if (!(fault instanceof Deadlock) || attempt >= TRANSACTION_ATTEMPTS_MAX) throw fault;
        const pauseMs = Math.random() * Math.min(RETRY_DELAY_MS_MAX, 10 * 2 ** attempt);
        await new Promise<void>((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }

  private async attempt<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const tx = this.database.begin(this.domain, this.context);
    let value: T;
    try {
      value = await work(tx);
      await tx.aboutToCommit();
      await this.database.io.perform({ kind: 'commit', label: 'COMMIT', domain: this.domain, context: this.context, tx }, () =>
        tx.commit(),
      );
    } catch (fault) {
      tx.rollBack();
      // What was sent and not waited for failed before whatever failed after it.
      throw tx.failure ?? fault;
    }
    if (!this.database.io.losesHints()) tx.runHints();
    return value;
  }
}

/** What memory adapters call to reach the store behind the transaction that application code handed them. */
export function memoryTransaction(tx: Transaction): MemoryTransaction {
  if (tx instanceof MemoryTransaction) return tx;
  throw new TypeError('this transaction is not one of the simulation');
}
