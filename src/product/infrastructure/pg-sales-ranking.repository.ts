import { Injectable } from '@nestjs/common';
import { pgTransaction, sql } from '../../database/database.js';
import type { Transaction } from '../../kernel/transaction.js';
import { type Sale, SalesRankingRepository } from '../domain/sales-ranking.repository.js';

// One row per day and product, in one order for all writers, or two batches that meet on two rows would deadlock.
const ADD_SALES = sql(
  'product.add-sales',
  `INSERT INTO shop_product.daily_sales AS ranked (day, product_id, units, last_sold_at)
   SELECT (paid_at AT TIME ZONE 'UTC')::date AS day, product_id, sum(quantity), max(paid_at)
   FROM unnest($1::timestamptz[], $2::bigint[], $3::bigint[]) AS sale (paid_at, product_id, quantity)
   GROUP BY day, product_id
   ORDER BY day, product_id
   ON CONFLICT (day, product_id) DO UPDATE
     SET units = ranked.units + excluded.units, last_sold_at = greatest(ranked.last_sold_at, excluded.last_sold_at)`,
);

/** The ranking in the `daily_sales` table. */
@Injectable()
export class PgSalesRankingRepository extends SalesRankingRepository {
  override async add(tx: Transaction, sales: readonly Sale[]): Promise<void> {
    await pgTransaction(tx).query(ADD_SALES, [
      sales.map(({ paidAt }) => paidAt),
      sales.map(({ productId }) => productId),
      sales.map(({ quantity }) => quantity),
    ]);
  }
}
