import { Injectable } from '@nestjs/common';
import { DomainDatabase, sql, type Statement } from '../../database/database.js';
import { SharedAnswers } from '../../kernel/shared-answers.js';
import { TopSellerQueries, type TopSeller, type TopSellers } from '../application/top-seller-queries.port.js';
import { ALL_TOTALS, soldDays, totalsOfBest } from './sales-window.js';
import { type Found, thresholdSearch } from './threshold-search.js';

/** `$1`: days; `$2`: how many rows. One row without a product where nothing sold. */
const topSellers = (totals: string): string => `
  WITH ${soldDays('$1::int')}, ${totals}, top AS (
    SELECT product_id, units, last_sold_at FROM total ORDER BY units DESC, last_sold_at DESC, product_id LIMIT $2
  )
  SELECT p.product_id AS "productId", p.name, p.price, top.units AS "salesCount", top.last_sold_at AS "lastSoldAt",
         bound.units AS bound, date_trunc('day', now(), 'UTC') - make_interval(days => $1::int - 1) AS since
  FROM bound LEFT JOIN (top JOIN shop_product.product p USING (product_id)) ON true
  ORDER BY top.units DESC, top.last_sold_at DESC, top.product_id`;

/** `$3`: how many of each day. */
const AMONG_BEST = sql('product.top-sellers', topSellers(totalsOfBest('$3::int')));
const AMONG_ALL = sql('product.top-sellers-of-all', topSellers(ALL_TOTALS));

interface Row extends TopSeller {
  readonly bound: number;
  readonly since: Date;
}

/** From the best sellers of each day, or where these do not decide it, from the sums of all that sold. A crowd that asks the same shares it. */
@Injectable()
export class PgTopSellerQueries extends TopSellerQueries {
  private readonly answers = new SharedAnswers<TopSellers>();

  constructor(private readonly database: DomainDatabase) {
    super();
  }

  override topSellers(days: number, rowsMax: number): Promise<TopSellers> {
    return this.answers.ask(`${rowsMax} of ${days} days`, () => this.find(days, rowsMax));
  }

  private async find(days: number, rowsMax: number): Promise<TopSellers> {
    const { rows, since } = await thresholdSearch({
      rowsMax,
      unitsBefore: Infinity,
      unitsOf: ({ salesCount }: TopSeller) => salesCount,
      amongBest: (width) => this.ask(AMONG_BEST, [days, rowsMax, width]),
      amongAll: () => this.ask(AMONG_ALL, [days, rowsMax]),
    });
    return { items: rows, since };
  }

  private async ask(statement: Statement, values: readonly number[]): Promise<Found<TopSeller> & { readonly since: Date }> {
    const rows = await this.database.query<Row | { readonly productId: null; readonly bound: number; readonly since: Date }>(
      statement,
      values,
    );
    const [first] = rows;
    if (!first) throw new Error('an answer without a bound');
    return {
      rows: rows.filter((row) => row.productId !== null).map(({ bound: _, since: __, ...seller }) => seller),
      bound: first.bound,
      since: first.since,
    };
  }
}
