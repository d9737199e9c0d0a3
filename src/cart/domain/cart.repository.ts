import type { CartItemId, ProductOptionId, UserId } from '../../kernel/ids.js';
import type { Transaction } from '../../kernel/transaction.js';
import type { CartState } from './cart.js';
import type { Purchase } from './purchase.js';

/** The carts of customers. Whoever changes a cart locks it first, so that the changes of one cart follow one another. */
export abstract class CartRepository {
  /** Locks a cart until the transaction ends; the first time, makes it. @returns how many items it has. */
  abstract lock(tx: Transaction, userId: UserId): Promise<number>;

  /** What a locked cart holds of an option, and what is known of the option. */
  abstract stateOf(tx: Transaction, userId: UserId, productOptionId: ProductOptionId): Promise<Omit<CartState, 'lines'>>;

  /** The option of an item; undefined when the locked cart has no such item. */
  abstract optionOf(tx: Transaction, userId: UserId, cartItemId: CartItemId): Promise<ProductOptionId | undefined>;

  /** Sets how much of an option a locked cart holds. */
  abstract put(tx: Transaction, userId: UserId, productOptionId: ProductOptionId, quantity: number): Promise<CartItemId>;

  /** @returns whether the locked cart had the item. */
  abstract remove(tx: Transaction, userId: UserId, cartItemId: CartItemId): Promise<boolean>;

  /** Removes all items of a locked cart. */
  abstract clear(tx: Transaction, userId: UserId): Promise<void>;

  /**
   * Takes what was bought out of the customers' carts, which it locks: an item with more in it keeps the rest. Each
   * customer and option stand in `purchases` once.
   */
  abstract takeOut(tx: Transaction, purchases: readonly Purchase[]): Promise<void>;
}
