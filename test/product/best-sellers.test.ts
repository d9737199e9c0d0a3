import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProductId } from '../../src/kernel/ids.js';
import { type ListPosition, POPULAR_DAYS } from '../../src/product/application/product-queries.port.js';
import { type ProductDomain, openProductDomain } from './product-domain.js';

const PRODUCTS = 400;
const CATEGORIES = 3;
/** From tomorrow, which a clock that goes ahead may write, to before every window that is asked for but the longest. */
const DAYS_AGO = Array.from({ length: 12 }, (_, index) => index - 1);

interface Sold {
  readonly product_id: ProductId;
  readonly days_ago: number;
  readonly units: number;
  readonly last_sold_at: Date;
}

/** Units of the n-th product on a day; null where it has no row. `chance` is from 0 to 1. */
const DISTRIBUTIONS: Readonly<Record<string, (nth: number, daysAgo: number, chance: number) => number | null>> = {
  'few products sell well': (nth, _, chance) => Math.floor((3_000 / nth) * (0.5 + chance)),
  'all sell alike': (nth, daysAgo, chance) => ((nth + daysAgo) % 5 === 0 ? null : Math.floor(4 * chance)),
  'all have sold as much': (nth, daysAgo) => ((nth + daysAgo) % 2 === 0 ? 6 : null),
  'each day has its own favourites': (nth, daysAgo, chance) => (nth % 12 === daysAgo + 1 ? 500 - nth : Math.floor(12 * chance)),
  'hardly anything sells': (nth, daysAgo) => (nth % 97 === 0 && daysAgo % 3 === 0 ? (nth / 97) % 2 : null),
  'nothing sells': () => null,
};

let shop: ProductDomain;
let categories: ReadonlyMap<ProductId, string>;

beforeAll(async () => {
  shop = await openProductDomain();
  const rows = await shop.rows<{ product_id: ProductId; category: string }>(
    `INSERT INTO shop_product.product (name, category, price) SELECT 'product', 'shelf ' || n % $2::int, n FROM generate_series(1, $1::int) AS n
     RETURNING product_id, category`,
    [PRODUCTS, CATEGORIES],
  );
  categories = new Map(rows.map((row) => [row.product_id, row.category]));
});
afterAll(() => shop.close());

/** Few distinct times, so that equals are equal in them, too. */
async function sell(units: (typeof DISTRIBUTIONS)[string]): Promise<readonly Sold[]> {
  let state = 1;
  const chance = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const rows = [...categories.keys()].flatMap((productId, index) =>
    DAYS_AGO.flatMap((daysAgo) => {
      const sold = units(index + 1, daysAgo, chance());
      return sold === null ? [] : [{ productId, daysAgo, sold, hour: Math.floor(3 * chance()) }];
    }),
  );
  await shop.rows('TRUNCATE shop_product.daily_sales, shop_product.sales_day');
  return shop.rows<Sold>(
    `WITH sold AS (
       INSERT INTO shop_product.daily_sales (day, product_id, units, last_sold_at)
       SELECT today - days_ago, product_id, units, (today - days_ago)::timestamp AT TIME ZONE 'UTC' + make_interval(hours => hour)
       FROM unnest($1::bigint[], $2::int[], $3::bigint[], $4::int[]) AS row (product_id, days_ago, units, hour),
            (SELECT (now() AT TIME ZONE 'UTC')::date AS today) AS clock
       RETURNING *
     ), days AS (INSERT INTO shop_product.sales_day (day) SELECT DISTINCT day FROM sold)
     SELECT product_id, (now() AT TIME ZONE 'UTC')::date - day AS days_ago, units, last_sold_at FROM sold`,
    [rows.map((row) => row.productId), rows.map((row) => row.daysAgo), rows.map((row) => row.sold), rows.map((row) => row.hour)],
  );
}

/** Everything added up. */
function totals(sold: readonly Sold[], days: number) {
  const ofWindow = sold.filter((row) => row.days_ago < days);
  return [...Map.groupBy(ofWindow, (row) => row.product_id)].map(([productId, rows]) => ({
    productId,
    units: rows.reduce((sum, { units }) => sum + units, 0),
    lastSoldAt: Math.max(...rows.map((row) => row.last_sold_at.getTime())),
  }));
}

async function popular(rowsMax: number, category?: string): Promise<(readonly [ProductId, number])[]> {
  const found: (readonly [ProductId, number])[] = [];
  let after: ListPosition | undefined;
  for (;;) {
    const page = await shop.queries.list({ sort: 'popular', category, after, rowsMax });
    found.push(...page.map(({ productId, rank }) => [productId, rank] as const));
    after = page.at(-1);
    if (page.length < rowsMax || !after) return found;
  }
}

describe.each(Object.keys(DISTRIBUTIONS))('where %s', (distribution) => {
  let sold: readonly Sold[];

  beforeAll(async () => void (sold = await sell(DISTRIBUTIONS[distribution] as (typeof DISTRIBUTIONS)[string])));

  test.each([1, 2, 3, 7, 10, 90])('the top products of %i days are those of all sums', async (days) => {
    const ranked = totals(sold, days)
      .filter(({ units }) => units > 0)
      .toSorted((a, b) => b.units - a.units || b.lastSoldAt - a.lastSoldAt || a.productId - b.productId);
    for (const rowsMax of [1, 2, 5, 20, 100]) {
      const { items } = await shop.ranking.topSellers(days, rowsMax);
      const found = items.map(({ productId, salesCount, lastSoldAt }) => ({
        productId,
        units: salesCount,
        lastSoldAt: lastSoldAt.getTime(),
      }));
      expect(found).toEqual(ranked.slice(0, rowsMax));
    }
  });

  test.each([undefined, 'shelf 1', 'no such shelf'])('the popular products (category %s) are all, by their sums', async (category) => {
    const units = new Map(totals(sold, POPULAR_DAYS).map((total) => [total.productId, total.units]));
    const ranked = [...categories]
      .filter(([, itsCategory]) => category === undefined || itsCategory === category)
      .map(([productId]) => [productId, units.get(productId) ?? 0] as const)
      .toSorted(([a, ofA], [b, ofB]) => ofB - ofA || b - a);
    for (const rowsMax of [3, 21, PRODUCTS]) expect(await popular(rowsMax, category)).toEqual(ranked);
  });
});
