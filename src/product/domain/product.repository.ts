import type { ProductId, ProductOptionId, UserId } from '../../kernel/ids.js';
import type { Money } from '../../kernel/money.js';
import type { Transaction } from '../../kernel/transaction.js';

export const PRODUCT_OPTIONS_MAX = 200;

export interface NewProduct {
  readonly name: string;
  readonly description: string;
  readonly category: string;
  readonly price: Money;
  readonly onSale: boolean;
  /** 1 to {@link PRODUCT_OPTIONS_MAX}, each with a name of its own. */
  readonly options: readonly { readonly name: string; readonly stock: number }[];
}

/** What an operator may change; absent fields stay as they are. */
export interface ProductChanges {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly category?: string | undefined;
  readonly price?: Money | undefined;
  readonly onSale?: boolean | undefined;
}

/** Goods that came in. */
export interface StockReceipt {
  readonly productOptionId: ProductOptionId;
  readonly quantity: number;
  readonly note: string | null;
  readonly operatorId: UserId;
  /** Two receipts of one operator with one key are the same receipt. */
  readonly requestKey: string | null;
}

export interface StockLevel {
  readonly productId: ProductId;
  readonly stock: number;
  readonly available: number;
}

/** What became of a receipt: `booked` raised the stock, `repeated` found itself booked before. */
export type Receipt =
  | { readonly outcome: 'booked' | 'repeated'; readonly level: StockLevel }
  | { readonly outcome: 'unknown-option' }
  | { readonly outcome: 'key-reused' };

/** A product as other domains get to know it. */
export interface PublishedProduct {
  readonly productId: ProductId;
  readonly revision: number;
  readonly name: string;
  readonly price: Money;
  readonly onSale: boolean;
  readonly options: readonly PublishedOption[];
}

export interface PublishedOption {
  readonly productOptionId: ProductOptionId;
  readonly name: string;
  readonly available: number;
}

export interface StalePage {
  readonly productIds: readonly ProductId[];
  /** Where the next page begins; null after the last one. */
  readonly lastOptionId: ProductOptionId | null;
}

/** Products as operators keep them. */
export abstract class ProductRepository {
  /** Stores the product, its options, and a receipt per option for the initial stock. */
  abstract insert(tx: Transaction, product: NewProduct, operatorId: UserId): Promise<ProductId>;

  /** @returns false when there is no such product. */
  abstract change(tx: Transaction, productId: ProductId, changes: ProductChanges): Promise<boolean>;

  abstract receive(tx: Transaction, receipt: StockReceipt): Promise<Receipt>;

  /**
   * Raises the revisions of products and reads them as they stand, noting their availability as published.
   * Products are locked in order of id until the commit, so that a higher revision always tells of a later state.
   */
  abstract revise(tx: Transaction, productIds: readonly ProductId[]): Promise<readonly PublishedProduct[]>;

  /** Those of the given products whose availability is not what was last published. */
  abstract stale(tx: Transaction, productIds: readonly ProductId[]): Promise<readonly ProductId[]>;

  /** The same for all products, a page of options at a time. */
  abstract stalePage(tx: Transaction, after: ProductOptionId | null, optionsMax: number): Promise<StalePage>;
}
