import { type Statement, sql } from '../../database/database.js';
import type { ProductId } from '../../kernel/ids.js';
import type { ListPosition, ProductSort } from '../application/product-queries.port.js';

export const LIST_COLUMNS = `p.product_id AS "productId", p.name, p.price, p.category, p.on_sale AS "onSale"`;
const BEFORE_ALL: ListPosition = { rank: -1, productId: 0 as ProductId };
export const AFTER_ALL: ListPosition = { rank: Number.MAX_SAFE_INTEGER, productId: Number.MAX_SAFE_INTEGER as ProductId };

/** `$1`, `$2`: the position to go on from; `$3`: how many rows; `$4`: the category, where one is asked for. */
const inCategory = { all: '', one: 'AND p.category = $4' };

const latest = (category: string): string => `
  SELECT ${LIST_COLUMNS}, 0 AS rank FROM shop_product.product p
  WHERE p.product_id < $2 AND $1::bigint IS NOT NULL ${category}
  ORDER BY p.product_id DESC LIMIT $3`;

const priceAscending = (category: string): string => `
  SELECT ${LIST_COLUMNS}, p.price AS rank FROM shop_product.product p
  WHERE (p.price, p.product_id) > ($1, $2) ${category}
  ORDER BY p.price, p.product_id LIMIT $3`;

const priceDescending = (category: string): string => `
  SELECT ${LIST_COLUMNS}, p.price AS rank FROM shop_product.product p
  WHERE (p.price, p.product_id) < ($1, $2) ${category}
  ORDER BY p.price DESC, p.product_id DESC LIMIT $3`;

interface List {
  /** Where the first page begins. */
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

/** All but the popular ones, which take more than one statement. */
export const LISTS: Readonly<Record<Exclude<ProductSort, 'popular'>, List>> = {
  latest: listOf('latest', AFTER_ALL, latest),
  price_asc: listOf('price_asc', BEFORE_ALL, priceAscending),
  price_desc: listOf('price_desc', AFTER_ALL, priceDescending),
};
