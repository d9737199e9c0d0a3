import type { Transaction } from '../../kernel/transaction.js';
import type { ProductCopy } from './product-copy.js';

/** The cart's own copy of what is for sale. */
export abstract class ProductCopyRepository {
  /**
   * Replaces what is known of each product unless a higher revision is. An option that its product no longer names has
   * nothing available from then on. Each product stands in `copies` once.
   */
  abstract replace(tx: Transaction, copies: readonly ProductCopy[]): Promise<void>;
}
