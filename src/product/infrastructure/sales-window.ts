/**
 * Parts of statements about what sold on the last days (UTC), today included. Each takes the rows of a day by an index, whatever the
 * planner expects of a number of days that it does not know.
 *
 * Q1: `total` has every product of the window that any page can show: all of them, or so many that none that is left out has sold
 *     more than the one row of `bound`.
 */

/** The days with sales. The second bound excludes nothing: with it the planner expects a few days, not a third of all. */
export const daysWithSales = (days: string): string =>
  `SELECT day FROM shop_product.sales_day WHERE day > (now() AT TIME ZONE 'UTC')::date - ${days} AND day < 'infinity'`;

/** `sold_days`: what is added up. */
export const soldDays = (days: string, condition = 'true'): string => `
  sold_days AS MATERIALIZED (${daysWithSales(days)} AND ${condition})`;

const totalOf = (products: string): string => `
  total AS (
    SELECT product_id, sum(units)::bigint AS units, max(last_sold_at) AS last_sold_at
    FROM sold_days CROSS JOIN LATERAL (
      SELECT s.product_id, s.units, s.last_sold_at FROM shop_product.daily_sales s WHERE s.day = sold_days.day ${products} OFFSET 0
    ) AS of_day
    GROUP BY product_id
    HAVING sum(units) > 0
  )`;

const NONE_LEFT_OUT = 'bound AS (SELECT 0::bigint AS units)';

/** `total` and `bound`, of everything that sold. */
export const ALL_TOTALS = `${totalOf('')}, ${NONE_LEFT_OUT}`;

/** `total` and `bound`, of the products that a query names. */
export const totalsOf = (products: string): string => `${totalOf(`AND s.product_id = ANY (ARRAY(${products}))`)}, ${NONE_LEFT_OUT}`;

/**
 * `total` and `bound`, of the `width` best sellers of each day. A product that is not among them sold at most as much as the last of
 * them on each day; where a day has fewer, nothing.
 */
export const totalsOfBest = (width: string): string => `
  best AS MATERIALIZED (
    SELECT best_of_day.* FROM sold_days CROSS JOIN LATERAL (
      SELECT s.day, s.product_id, s.units FROM shop_product.daily_sales s WHERE s.day = sold_days.day AND s.units > 0
      ORDER BY s.units DESC LIMIT ${width}
    ) AS best_of_day
  ), ${totalOf('AND s.product_id = ANY (ARRAY(SELECT product_id FROM best))')},
  bound AS MATERIALIZED (
    SELECT coalesce(sum(units), 0)::bigint AS units
    FROM (SELECT CASE WHEN count(*) < ${width} THEN 0 ELSE min(units) END AS units FROM best GROUP BY day) AS last_of_day
  )`;
