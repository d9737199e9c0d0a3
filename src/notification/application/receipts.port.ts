import type { OrderId, UserId } from '../../kernel/ids.js';
import type { Transaction } from '../../kernel/transaction.js';
import type { Receipt } from '../domain/receipt.js';

export interface IssuedReceipt extends Receipt {
  readonly issuedAt: string;
}

/** The receipts that customers get. */
export abstract class Receipts {
  /** Keeps one for each order: the first. */
  abstract issue(tx: Transaction, receipts: readonly Receipt[]): Promise<void>;

  /** @param reader whose receipt it must be; null for operators, who may read all. */
  abstract find(orderId: OrderId, reader: UserId | null): Promise<IssuedReceipt | null>;
}
