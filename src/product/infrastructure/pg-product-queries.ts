import { Injectable } from '@nestjs/common';
import { DomainDatabase, sql } from '../../database/database.js';
import type { ProductId } from '../../kernel/ids.js';
import { type ListedProduct, type ListRequest, type ProductDetail, ProductQueries } from '../application/product-queries.port.js';
import { popularProducts } from './popular-products.js';
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

/** Straight from the tables, by the fewest statements. */
@Injectable()
export class PgProductQueries extends ProductQueries {
  constructor(private readonly database: DomainDatabase) {
    super();
  }

  override list(request: ListRequest): Promise<readonly ListedProduct[]> {
    const { sort, category, after, rowsMax } = request;
    if (sort === 'popular') return popularProducts(this.database, request);
    const list = LISTS[sort];
    const { rank, productId } = after ?? list.start;
    const values = [rank, productId, rowsMax];
    return category === undefined ? this.database.query(list.all, values) : this.database.query(list.ofCategory, [...values, category]);
  }

  override async detail(productId: ProductId): Promise<ProductDetail | undefined> {
    const [detail] = await this.database.query<ProductDetail>(DETAIL, [productId]);
    return detail;
  }
}
