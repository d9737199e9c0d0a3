import type { ProductId } from '../../kernel/ids.js';

export interface TopSeller {
  readonly productId: ProductId;
  readonly name: string;
  readonly price: number;
  readonly salesCount: number;
  readonly lastSoldAt: Date;
}

export interface TopSellers {
  readonly items: readonly TopSeller[];
  /** The first moment that counts. */
  readonly since: Date;
}

/** What sells. Whatever keeps the ranking, the answer is that of the database's daily sales at the time of asking. */
export abstract class TopSellerQueries {
  /** The most sold products of today and the `days` − 1 days before it, in UTC; of equals, the one sold last comes first. */
  abstract topSellers(days: number, rowsMax: number): Promise<TopSellers>;
}
