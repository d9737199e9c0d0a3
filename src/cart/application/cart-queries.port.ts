import type { ProductOptionId, UserId } from '../../kernel/ids.js';
import type { Transaction } from '../../kernel/transaction.js';
import type { CartItem } from '../domain/cart.js';

/** What an order from the cart consists of. */
export interface CartLine {
  readonly userId: UserId;
  readonly productOptionId: ProductOptionId;
  readonly quantity: number;
}

/** What is read of carts without changing them. */
export abstract class CartQueries {
  /** All items, in the order in which they came into the cart. */
  abstract itemsOf(userId: UserId): Promise<readonly CartItem[]>;

  /** The lines of several customers, each customer's in the order in which they came into the cart. */
  abstract linesOf(tx: Transaction, userIds: readonly UserId[]): Promise<readonly CartLine[]>;
}
