import { pgTransaction } from '../../database/database.js';
import type { Transaction } from '../../kernel/transaction.js';
import { type Sale, SalesRankingRepository } from '../domain/sales-ranking.repository.js';
import type { DayCopies } from './day-copies.js';
import { addSales } from './pg-sales-ranking.repository.js';

/** The ranking in the `daily_sales` table, and after the commit in the copies of its days. */
export class RedisSalesRankingRepository extends SalesRankingRepository {
  constructor(private readonly copies: DayCopies) {
    super();
  }

  override async add(tx: Transaction, sales: readonly Sale[]): Promise<void> {
    const changed = await addSales(tx, sales);
    pgTransaction(tx).afterCommit(() => {
      const byDay = Map.groupBy(sales, ({ paidAt }) => new Date(paidAt).toISOString().slice(0, 'YYYY-MM-DD'.length));
      // What is not added here is missing in the copy, and so the copy will not be believed (Z11).
      for (const day of changed) this.copies.add(day, byDay.get(day.day) ?? []).catch(() => {});
    });
  }
}
