import type { Transaction } from '../../kernel/transaction.js';
import type { UserId } from '../../kernel/ids.js';
import type { Credentials } from './account.js';

/** Who may log in. E-mail addresses are normalised before they come here. */
export abstract class CredentialsRepository {
  /** Opens a customer's account. @returns null when the address has one. */
  abstract addCustomer(tx: Transaction, email: string, passwordHash: string): Promise<UserId | null>;

  abstract findByEmail(tx: Transaction, email: string): Promise<Credentials | null>;

  /** Makes the account of this address an operator's with this password, whether it exists or not. */
  abstract putOperator(tx: Transaction, email: string, passwordHash: string): Promise<UserId>;
}
