import { Injectable } from '@nestjs/common';
import { DomainDatabase, sql } from '../../database/database.js';
import type { ProductId } from '../../kernel/ids.js';
import {
  type ListedProduct,
  type ListRequest,
  type ProductDetail,
  ProductQueries,
  type TopSeller,
  type TopSellers,
} from '../application/product-queries.port.js';
import { LISTS } from './product-list-statements.js';

const DETAIL = sql(
  'product.detail',
  `SELECT p.product_id AS "productId", p.name, p.description, p.price, p.category, p.on_sale AS "onSale", p.created_at AS "createdAt",
          (SELECT json_agg(json_build_object('productOptionId', o.product_option_id, 'name', o.name,
                                             'stock', o.stock, 'available', o.stock - o.reserved) ORDER BY o.product_option_id)
           FROM shop_product.product_option o WHERE o.product_id = p.product_id) AS options
   FROM shop_product.product p
   WHERE p.product_id = $1`,
);

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

/** Straight from the tables, by the fewest statements. */
@Injectable()
export class PgProductQueries extends ProductQueries {
  constructor(private readonly database: DomainDatabase) {
    super();
  }

  override list({ sort, category, after, rowsMax }: ListRequest): Promise<readonly ListedProduct[]> {
    const list = LISTS[sort];
    const { rank, productId } = after ?? list.start;
    const values = [rank, productId, rowsMax];
    return category === undefined ? this.database.query(list.all, values) : this.database.query(list.ofCategory, [...values, category]);
  }

  override async detail(productId: ProductId): Promise<ProductDetail | undefined> {
    const [detail] = await this.database.query<ProductDetail>(DETAIL, [productId]);
    return detail;
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
