import type { PaymentId, UserId } from '../../kernel/ids.js';
import type { Transaction } from '../../kernel/transaction.js';
import type { Account, AccountChange, Entry, ManualPosting, PaymentPosting } from './ledger.js';

/** The balances and their ledger. */
export abstract class AccountRepository {
  /** The accounts as of now, not locked. Unknown ids are left out. */
  abstract read(tx: Transaction, userIds: readonly UserId[]): Promise<readonly Account[]>;

  /**
   * Writes those changes whose account still has the version they were decided on, with their entries, and locks every
   * account it was given until the transaction ends. So what is read of them after it cannot change any more.
   * @returns whose changes were written.
   */
  abstract save(tx: Transaction, changes: readonly AccountChange[]): Promise<ReadonlySet<UserId>>;

  /** The entries that earlier requests with the same key have made. */
  abstract findRepeated(tx: Transaction, postings: readonly ManualPosting[]): Promise<readonly Entry[]>;

  /** The PAYMENT entries of these payments. A payment of nothing has none. */
  abstract findCharges(tx: Transaction, paymentIds: readonly PaymentId[]): Promise<readonly PaymentPosting[]>;
}
