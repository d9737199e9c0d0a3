import type { OrderId, ProductId, ProductOptionId } from '../../kernel/ids.js';
import type { Money } from '../../kernel/money.js';

/** An option as an order meets it: what it is sold as, for how much, and how many pieces nobody has set aside. */
export interface ShelfOption {
  readonly productOptionId: ProductOptionId;
  readonly productId: ProductId;
  /** Product and option in one, as {@link lineName} puts them. */
  readonly name: string;
  readonly price: Money;
  readonly onSale: boolean;
  /** stock − reserved, never below zero. */
  readonly available: number;
}

export interface StockLine {
  readonly productOptionId: ProductOptionId;
  readonly quantity: number;
}

/** `HELD → CONFIRMED → RETURNED` and `HELD → RELEASED`; a failed payment takes `CONFIRMED` back to `HELD`. */
export type HoldState = 'HELD' | 'CONFIRMED' | 'RETURNED' | 'RELEASED';

/** Stock set aside for an order; at most one hold per order and option. */
export interface Hold extends StockLine {
  readonly orderId: OrderId;
  readonly state: HoldState;
  /** By the database's clock. */
  readonly expired: boolean;
}

const NAMELESS = new Set(['', 'default', 'standard']);

/** `Linen shirt (blue, M)`; the product's name alone when its option has no name worth saying. */
export function lineName(productName: string, optionName: string): string {
  const nameless = NAMELESS.has(optionName.toLowerCase()) || optionName === productName;
  return nameless ? productName : `${productName} (${optionName})`;
}
