import { Injectable } from '@nestjs/common';
import { DomainDatabase, sql } from '../../database/database.js';
import { TopSellerQueries, type TopSeller, type TopSellers } from '../application/top-seller-queries.port.js';

const TOP_SELLERS = sql(
  'product.top-sellers',
  `WITH sold AS (
     SELECT product_id, sum(units)::bigint AS units, max(last_sold_at) AS last_sold_at
     FROM shop_product.daily_sales
     WHERE day > (now() AT TIME ZONE 'UTC')::date - $1::int
     GROUP BY product_id
     HAVING sum(units) > 0
     ORDER BY units DESC, last_sold_at DESC, product_id LIMIT $2
   )
   SELECT product_id AS "productId", p.name, p.price, sold.units AS "salesCount", sold.last_sold_at AS "lastSoldAt"
   FROM sold JOIN shop_product.product p USING (product_id)
   ORDER BY sold.units DESC, sold.last_sold_at DESC, product_id`,
);

const FIRST_DAY = sql('product.first-day', `SELECT date_trunc('day', now(), 'UTC') - make_interval(days => $1::int - 1) AS since`);

/** Adds up the days at each asking. */
@Injectable()
export class PgTopSellerQueries extends TopSellerQueries {
  constructor(private readonly database: DomainDatabase) {
    super();
  }

  override async topSellers(days: number, rowsMax: number): Promise<TopSellers> {
    const [items, [first]] = await Promise.all([
      this.database.query<TopSeller>(TOP_SELLERS, [days, rowsMax]),
      this.database.query<{ since: Date }>(FIRST_DAY, [days]),
    ]);
    if (!first) throw new Error('a window without a first day');
    return { items, since: first.since };
  }
}
