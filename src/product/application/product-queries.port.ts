import type { ProductId, ProductOptionId } from '../../kernel/ids.js';

/** Popular is what sold most on this many days (UTC), today included. */
export const POPULAR_DAYS = 7;

export const PRODUCT_SORTS = ['latest', 'price_asc', 'price_desc', 'popular'] as const;
export type ProductSort = (typeof PRODUCT_SORTS)[number];

/** Where a product stands in a list: its number by the sort (price, units sold; 0 for `latest`), then its id. */
export interface ListPosition {
  readonly rank: number;
  readonly productId: ProductId;
}

export interface ListedProduct extends ListPosition {
  readonly name: string;
  readonly price: number;
  readonly category: string;
  readonly onSale: boolean;
}

export interface ListRequest {
  readonly sort: ProductSort;
  readonly category?: string | undefined;
  /** The last product of the page before. */
  readonly after?: ListPosition | undefined;
  readonly rowsMax: number;
}

export interface ProductDetail {
  readonly productId: ProductId;
  readonly name: string;
  readonly description: string;
  readonly price: number;
  readonly category: string;
  readonly onSale: boolean;
  readonly createdAt: Date;
  readonly options: {
    readonly productOptionId: ProductOptionId;
    readonly name: string;
    readonly stock: number;
    readonly available: number;
  }[];
}

/** What everybody may see of products. */
export abstract class ProductQueries {
  /**
   * A page of products. Positions are totally ordered, so a product whose price or sales do not change between two
   * pages is listed exactly once.
   */
  abstract list(request: ListRequest): Promise<readonly ListedProduct[]>;

  abstract detail(productId: ProductId): Promise<ProductDetail | undefined>;
}
