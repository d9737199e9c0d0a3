import { Injectable } from '@nestjs/common';
import { DomainDatabase, sql } from '../../database/database.js';
import type { ProductId, ProductOptionId } from '../../kernel/ids.js';

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

export interface TopSeller {
  readonly productId: ProductId;
  readonly name: string;
  readonly price: number;
  readonly salesCount: number;
  readonly lastSoldAt: Date;
}

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

/** What everybody may see of products, straight from the tables. */
@Injectable()
export class ProductQueries {
  constructor(private readonly database: DomainDatabase) {}

  async detail(productId: ProductId): Promise<ProductDetail | undefined> {
    const [detail] = await this.database.query<ProductDetail>(DETAIL, [productId]);
    return detail;
  }

  /** The most sold products of today and the `days` − 1 days before it, in UTC; of equals, the one sold last comes first. */
  async topSellers(days: number, limit: number): Promise<{ items: TopSeller[]; since: Date }> {
    const [items, [first]] = await Promise.all([
      this.database.query<TopSeller>(TOP_SELLERS, [days, limit]),
      this.database.query<{ since: Date }>(FIRST_DAY, [days]),
    ]);
    if (!first) throw new Error('a window without a first day');
    return { items, since: first.since };
  }
}
