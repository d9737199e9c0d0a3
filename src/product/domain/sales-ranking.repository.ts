import type { ProductId } from '../../kernel/ids.js';
import type { Transaction } from '../../kernel/transaction.js';

export interface Sale {
  readonly productId: ProductId;
  readonly quantity: number;
  /** ISO 8601. */
  readonly paidAt: string;
}

export abstract class SalesRankingRepository {
  /** Adds sold units to the ranking of the day of payment, in UTC. */
  abstract add(tx: Transaction, sales: readonly Sale[]): Promise<void>;
}
