import { Injectable } from '@nestjs/common';
import { pgTransaction, sql } from '../../database/database.js';
import type { Transaction } from '../../kernel/transaction.js';
import { type Sale, SalesRankingRepository } from '../domain/sales-ranking.repository.js';

/** The state that a day's sales are in; see `sales_day`. */
export interface DayRevision {
  /** `2026-11-22`, in UTC. */
  readonly day: string;
  readonly epoch: string;
  readonly revision: number;
}

// One row per day and product, in one order for all writers, or two batches that meet on two rows would deadlock. The days'
// own rows come last, so they are locked only for the commit.
const ADD_SALES = sql(
  'product.add-sales',
  `WITH counted AS (
     INSERT INTO shop_product.daily_sales AS ranked (day, product_id, units, last_sold_at)
     SELECT (paid_at AT TIME ZONE 'UTC')::date AS day, product_id, sum(quantity), max(paid_at)
     FROM unnest($1::timestamptz[], $2::bigint[], $3::bigint[]) AS sale (paid_at, product_id, quantity)
     GROUP BY day, product_id
     ORDER BY day, product_id
     ON CONFLICT (day, product_id) DO UPDATE
       SET units = ranked.units + excluded.units, last_sold_at = greatest(ranked.last_sold_at, excluded.last_sold_at)
     RETURNING day
   )
   INSERT INTO shop_product.sales_day AS changed (day) SELECT DISTINCT day FROM counted ORDER BY day
   ON CONFLICT (day) DO UPDATE SET revision = changed.revision + 1
   RETURNING day::text, epoch, revision`,
);

/** The ranking in the `daily_sales` table. */
@Injectable()
export class PgSalesRankingRepository extends SalesRankingRepository {
  override add(tx: Transaction, sales: readonly Sale[]): Promise<void> {
    pgTransaction(tx).send(ADD_SALES, columnsOf(sales));
    return Promise.resolve();
  }
}

/** @returns the days that have changed, as they are now. */
export function addSales(tx: Transaction, sales: readonly Sale[]): Promise<readonly DayRevision[]> {
  return pgTransaction(tx).query<DayRevision>(ADD_SALES, columnsOf(sales));
}

const columnsOf = (sales: readonly Sale[]): unknown[][] => [
  sales.map(({ paidAt }) => paidAt),
  sales.map(({ productId }) => productId),
  sales.map(({ quantity }) => quantity),
];
