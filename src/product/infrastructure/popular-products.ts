import { type DomainDatabase, type Statement, sql } from '../../database/database.js';
import { type ListedProduct, type ListRequest, POPULAR_DAYS } from '../application/product-queries.port.js';
import { AFTER_ALL, LIST_COLUMNS } from './product-list-statements.js';
import { ALL_TOTALS, daysWithSales, soldDays, totalsOf, totalsOfBest } from './sales-window.js';
import { type Found, thresholdSearch } from './threshold-search.js';

const WINDOW = String(POPULAR_DAYS);

/**
 * What sold, then what did not: the second part walks an index of the products, and only where all that sold leaves room on the page.
 * Every row has the bound, and there is always one, if only without a product.
 *
 * `$1`, `$2`: the position to go on from; `$3`: how many rows.
 */
const popular = (totals: string, category = ''): string => `
  WITH ${soldDays(WINDOW, '$1::bigint > 0')}, ${totals}, sold AS MATERIALIZED (
    SELECT product_id, units FROM total WHERE (units, product_id) < ($1, $2) ORDER BY units DESC, product_id DESC LIMIT $3
  ), page AS (
    SELECT product_id, units FROM sold
    UNION ALL
    (SELECT p.product_id, 0 FROM shop_product.product p
     WHERE (SELECT units FROM bound) = 0 AND p.product_id < CASE WHEN $1 > 0 THEN ${AFTER_ALL.productId} ELSE $2 END ${category}
       AND NOT EXISTS (
         SELECT FROM shop_product.daily_sales s
         WHERE s.day = ANY (ARRAY(${daysWithSales(WINDOW)})) AND s.product_id = p.product_id AND s.units > 0 OFFSET 0
       )
     ORDER BY p.product_id DESC LIMIT $3 - (SELECT count(*) FROM sold))
  )
  SELECT ${LIST_COLUMNS}, page.units AS rank, bound.units AS bound
  FROM bound LEFT JOIN (
    page CROSS JOIN LATERAL (SELECT * FROM shop_product.product WHERE product_id = page.product_id OFFSET 0) AS p
  ) ON true
  ORDER BY page.units DESC, p.product_id DESC`;

/** `$4`: how many of each day. */
const AMONG_BEST = sql('product.list-popular', popular(totalsOfBest('$4::int')));
const AMONG_ALL = sql('product.list-popular-of-all', popular(ALL_TOTALS));
/** `$4`: the category. Its products are few, and among the best of a day even fewer, so all of them are added up. */
const IN_CATEGORY = sql(
  'product.list-category-popular',
  popular(totalsOf('SELECT product_id FROM shop_product.product WHERE category = $4'), 'AND p.category = $4'),
);

/** A page of the products by units sold on the last days. */
export async function popularProducts(
  database: DomainDatabase,
  { category, after = AFTER_ALL, rowsMax }: ListRequest,
): Promise<readonly ListedProduct[]> {
  const ask = async (statement: Statement, ...more: readonly (number | string)[]): Promise<Found<ListedProduct>> => {
    const values = [after.rank, after.productId, rowsMax, ...more];
    const rows = await database.query<(ListedProduct | { readonly productId: null }) & { readonly bound: number }>(statement, values);
    return {
      rows: rows.filter((row) => row.productId !== null).map(({ bound: _, ...product }) => product),
      bound: rows[0]?.bound ?? 0,
    };
  };
  const page =
    category === undefined
      ? thresholdSearch({
          rowsMax,
          unitsBefore: after.rank,
          unitsOf: ({ rank }: ListedProduct) => rank,
          amongBest: (width) => ask(AMONG_BEST, width),
          amongAll: () => ask(AMONG_ALL),
        })
      : ask(IN_CATEGORY, category);
  return (await page).rows;
}
