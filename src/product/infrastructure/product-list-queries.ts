import { Injectable } from '@nestjs/common';
import { DomainDatabase, type Statement, sql } from '../../database/database.js';
import type { ProductId } from '../../kernel/ids.js';

/** Popular is what sold most on this many days (UTC), today included. */
export const POPULAR_DAYS = 7;

export const PRODUCT_SORTS = ['latest', 'price_asc', 'price_desc', 'popular'] as const;
export type ProductSort = (typeof PRODUCT_SORTS)[number];

/** Where a product stands in a list: its number by the sort (price, units sold), then its id. */
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

const COLUMNS = `p.product_id AS "productId", p.name, p.price, p.category, p.on_sale AS "onSale"`;
const BEFORE_ALL: ListPosition = { rank: -1, productId: 0 as ProductId };
const AFTER_ALL: ListPosition = { rank: Number.MAX_SAFE_INTEGER, productId: Number.MAX_SAFE_INTEGER as ProductId };

/** `$1`, `$2`: the position to go on from; `$3`: how many rows; `$4`: the category, where one is asked for. */
const inCategory = { all: '', one: 'AND p.category = $4' };

const latest = (category: string): string => `
  SELECT ${COLUMNS}, 0 AS rank FROM shop_product.product p
  WHERE p.product_id < $2 AND $1::bigint IS NOT NULL ${category}
  ORDER BY p.product_id DESC LIMIT $3`;

const priceAscending = (category: string): string => `
  SELECT ${COLUMNS}, p.price AS rank FROM shop_product.product p
  WHERE (p.price, p.product_id) > ($1, $2) ${category}
  ORDER BY p.price, p.product_id LIMIT $3`;

const priceDescending = (category: string): string => `
  SELECT ${COLUMNS}, p.price AS rank FROM shop_product.product p
  WHERE (p.price, p.product_id) < ($1, $2) ${category}
  ORDER BY p.price DESC, p.product_id DESC LIMIT $3`;

// What sold, then what did not: the second part walks the primary key and need not know how much there is.
const popular = (category: string): string => `
  WITH sold AS (
    SELECT product_id, sum(units)::bigint AS units FROM shop_product.daily_sales
    WHERE day > (now() AT TIME ZONE 'UTC')::date - ${POPULAR_DAYS}
    GROUP BY product_id HAVING sum(units) > 0
  )
  (SELECT ${COLUMNS}, sold.units AS rank FROM sold JOIN shop_product.product p USING (product_id)
   WHERE (sold.units, p.product_id) < ($1, $2) ${category}
   ORDER BY sold.units DESC, p.product_id DESC LIMIT $3)
  UNION ALL
  (SELECT ${COLUMNS}, 0 AS rank FROM shop_product.product p
   WHERE (0, p.product_id) < ($1, $2) AND NOT EXISTS (SELECT FROM sold WHERE sold.product_id = p.product_id) ${category}
   ORDER BY p.product_id DESC LIMIT $3)
  ORDER BY rank DESC, "productId" DESC LIMIT $3`;

interface List {
  readonly start: ListPosition;
  readonly all: Statement;
  readonly ofCategory: Statement;
}

/** A statement per sort and filter, so that each has a plan of its own that walks the index made for it. */
const listOf = (sort: ProductSort, start: ListPosition, text: (category: string) => string): List => ({
  start,
  all: sql(`product.list-${sort}`, text(inCategory.all)),
  ofCategory: sql(`product.list-category-${sort}`, text(inCategory.one)),
});

const LISTS: Readonly<Record<ProductSort, List>> = {
  latest: listOf('latest', AFTER_ALL, latest),
  price_asc: listOf('price_asc', BEFORE_ALL, priceAscending),
  price_desc: listOf('price_desc', AFTER_ALL, priceDescending),
  popular: listOf('popular', AFTER_ALL, popular),
};

/**
 * The list of products, a page at a time. Positions are totally ordered, so a product whose price or sales do not change
 * between two pages is listed exactly once.
 */
@Injectable()
export class ProductListQueries {
  constructor(private readonly database: DomainDatabase) {}

  page(query: {
    readonly sort: ProductSort;
    readonly category?: string | undefined;
    readonly after?: ListPosition | undefined;
    readonly rowsMax: number;
  }): Promise<ListedProduct[]> {
    const list = LISTS[query.sort];
    const { rank, productId } = query.after ?? list.start;
    const values = [rank, productId, query.rowsMax];
    return query.category === undefined
      ? this.database.query(list.all, values)
      : this.database.query(list.ofCategory, [...values, query.category]);
  }
}
