import type { PaymentId, UserId } from '../../../src/kernel/ids.js';
import type { Transaction } from '../../../src/kernel/transaction.js';
import { AccountRepository } from '../../../src/user/domain/account.repository.js';
import type { Account, AccountChange, Entry, ManualPosting, PaymentPosting } from '../../../src/user/domain/ledger.js';
import type { MemoryTransaction } from './memory-transaction.js';
import { memoryTransaction } from './memory-unit-of-work.js';
import { type AccountRow, type EntryRow, type ShopTables, contraAccountOf } from './shop-tables.js';
import { newRow, sortedLocks } from './table.js';

/** The statements of `PgAccountRepository`, one by one. */
export class MemoryAccountRepository extends AccountRepository {
  constructor(protected readonly tables: ShopTables) {
    super();
  }

  override read(tx: Transaction, userIds: readonly UserId[]): Promise<readonly Account[]> {
    const memory = memoryTransaction(tx);
    return memory.statement(`read accounts ${userIds.join(', ')}`, {
      run: () => userIds.flatMap((id) => memory.get(this.tables.accounts, id) ?? []),
    });
  }

  override save(tx: Transaction, changes: readonly AccountChange[]): Promise<ReadonlySet<UserId>> {
    if (changes.length === 0) return Promise.resolve(new Set());
    const memory = memoryTransaction(tx);
    const { accounts } = this.tables;
    return memory.statement(
      `save ${changes.map(({ from, balance }) => `account ${from.userId}: ${from.balance} → ${balance}`).join(', ')}`,
      {
        locks: () =>
          sortedLocks(
            accounts,
            changes.map(({ from }) => from.userId),
          ),
        run: () => {
          const current = changes.filter(({ from }) => this.isCurrent(memory.get(accounts, from.userId), from));
          for (const change of current) this.write(memory, change);
          return new Set(current.map(({ from }) => from.userId));
        },
      },
    );
  }

  override findRepeated(tx: Transaction, postings: readonly ManualPosting[]): Promise<readonly Entry[]> {
    if (postings.length === 0) return Promise.resolve([]);
    const memory = memoryTransaction(tx);
    const keys = new Set(postings.map(({ idempotencyKey, userId, code }) => `${idempotencyKey} ${userId} ${code}`));
    return memory.statement('find repeated entries', {
      run: () =>
        memory
          .all(this.tables.entries)
          .filter(({ idempotencyKey, userId, code }) => keys.has(`${idempotencyKey} ${userId} ${code}`))
          .map(manualEntry),
    });
  }

  override findCharges(tx: Transaction, paymentIds: readonly PaymentId[]): Promise<readonly PaymentPosting[]> {
    if (paymentIds.length === 0) return Promise.resolve([]);
    const memory = memoryTransaction(tx);
    return memory.statement(`find charges of payments ${paymentIds.join(', ')}`, {
      run: () =>
        memory
          .all(this.tables.entries)
          .filter(({ paymentId, code }) => code === 'PAYMENT' && paymentId !== null && paymentIds.includes(paymentId))
          .map(({ userId, paymentId, amount, note }) => ({ code: 'PAYMENT', userId, paymentId: paymentId as PaymentId, amount, note })),
    });
  }

  protected isCurrent(row: AccountRow | undefined, from: Account): boolean {
    return row?.version === from.version;
  }

  private write(memory: MemoryTransaction, { from, balance, entries }: AccountChange): void {
    memory.update(this.tables.accounts, from.userId, ({ version }) => ({ balance, version: version + 1 }));
    for (const entry of entries) {
      const id = this.tables.nextEntryId();
      // A unique index makes an insert wait for another one of the same key that has not committed yet.
      void memory.execute({ locks: () => [newRow(this.tables.entries, id)], run: () => undefined });
      memory.insert(this.tables.entries, id, {
        id,
        userId: entry.userId,
        amount: entry.amount,
        before: entry.before,
        after: entry.after,
        code: entry.code,
        note: entry.note,
        contraAccount: contraAccountOf(entry.code),
        paymentId: 'paymentId' in entry ? entry.paymentId : null,
        actorId: 'actorId' in entry ? entry.actorId : null,
        idempotencyKey: 'idempotencyKey' in entry ? entry.idempotencyKey : null,
      });
    }
  }
}

/** Without the columns that only payments have: an entry by hand has no `paymentId`, not even an empty one. */
const manualEntry = ({ code, userId, actorId, idempotencyKey, note, amount, before, after }: EntryRow): Entry =>
  ({ code, userId, actorId, idempotencyKey, note, amount, before, after }) as Entry;
