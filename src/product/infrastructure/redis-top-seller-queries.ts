import { type DomainDatabase, sql } from '../../database/database.js';
import { Unavailable } from '../../kernel/faults.js';
import type { ProductId } from '../../kernel/ids.js';
import { TopSellerQueries, type TopSeller, type TopSellers } from '../application/top-seller-queries.port.js';
import type { DayCopies, Ranked } from './day-copies.js';
import type { DayRevision } from './pg-sales-ranking.repository.js';

/** Ranks by the copies of the days, and where they do not serve, by the database. Names and prices are always the database's. */
export class RedisTopSellerQueries extends TopSellerQueries {
  constructor(
    private readonly copies: DayCopies,
    private readonly database: DomainDatabase,
    private readonly whileAway: TopSellerQueries,
  ) {
    super();
  }

  override async topSellers(days: number, rowsMax: number): Promise<TopSellers> {
    const window = await this.database.query<{ since: Date } & (DayRevision | { day: null })>(DAYS, [days]);
    const sold = window.filter((row) => row.day !== null);
    const ranked = sold.length === 0 ? [] : await this.rank(sold, rowsMax);
    if (ranked === null) return this.whileAway.topSellers(days, rowsMax);
    return { items: await this.named(ranked), since: (window[0] as { since: Date }).since };
  }

  private async rank(days: readonly DayRevision[], rowsMax: number): Promise<readonly Ranked[] | null> {
    try {
      return await this.copies.top(days, rowsMax);
    } catch (error) {
      if (error instanceof Unavailable) return null;
      throw error;
    }
  }

  private async named(ranked: readonly Ranked[]): Promise<TopSeller[]> {
    if (ranked.length === 0) return [];
    const rows = await this.database.query<Pick<TopSeller, 'productId' | 'name' | 'price'>>(NAMES, [
      ranked.map(({ productId }) => productId),
    ]);
    const products = new Map<ProductId, (typeof rows)[number]>(rows.map((row) => [row.productId, row]));
    return ranked.flatMap((each) => {
      const product = products.get(each.productId);
      return product ? [{ ...product, ...each }] : [];
    });
  }
}

const DAYS = sql(
  'product.days-of-window',
  `SELECT first.since, d.day::text, d.epoch, d.revision
   FROM (SELECT date_trunc('day', now(), 'UTC') - make_interval(days => $1::int - 1) AS since) first
   LEFT JOIN shop_product.sales_day d ON d.day > (now() AT TIME ZONE 'UTC')::date - $1::int
   ORDER BY d.day`,
);

const NAMES = sql(
  'product.names-and-prices',
  'SELECT product_id AS "productId", name, price FROM shop_product.product WHERE product_id = ANY ($1::bigint[])',
);
