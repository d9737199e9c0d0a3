import { randomUUID } from 'node:crypto';
import { type DomainDatabase, sql } from '../../database/database.js';
import type { ProductId } from '../../kernel/ids.js';
import { luaScript } from '../../redis/lua-script.js';
import type { Redis } from '../../redis/redis.js';
import type { Sale } from '../domain/sales-ranking.repository.js';
import type { DayRevision } from './pg-sales-ranking.repository.js';

const COPY_MS_MAX = 86_400_000;
const DRAFT_MS_MAX = 60_000;
const SUM_MS_MAX = 600_000;
/** A day with more stays with the database. */
const PRODUCTS_MAX = 100_000;
const PRODUCTS_PER_COMMAND_MAX = 10_000;

const ADD_SALES = luaScript(new URL('./add-sales.lua', import.meta.url));
const OPEN_DAY = luaScript(new URL('./open-day.lua', import.meta.url));
const TOP_SELLERS = luaScript(new URL('./top-sellers.lua', import.meta.url));

export interface Ranked {
  readonly productId: ProductId;
  readonly salesCount: number;
  readonly lastSoldAt: Date;
}

interface SoldRow {
  readonly epoch: string;
  readonly revision: number;
  readonly product_id: ProductId | null;
  readonly units: number;
  readonly sold_at_ms: number;
}

/**
 * Copies in Redis of the sales of each day, as sorted sets that end by themselves. They are made on demand from the database.
 *
 * Z11: a copy names the state of the day that it shows. Sales are added to it only if they are the very next; an answer
 *      is taken from it only if it shows what the database has committed. So what Redis lost, missed, or kept from another time
 *      is never told.
 */
export class DayCopies {
  constructor(
    private readonly redis: Redis,
    private readonly database: DomainDatabase,
  ) {}

  /** @throws Unavailable */
  async add({ day, epoch, revision }: DayRevision, sales: readonly Sale[]): Promise<void> {
    const values = sales.flatMap(({ productId, quantity, paidAt }) => [productId, quantity, Date.parse(paidAt)]);
    await this.redis.script(ADD_SALES, keysOf(day), [epoch, revision, ...values]);
  }

  /** @returns null when there are no copies of these days in this state, and none can be made. @throws Unavailable */
  async top(days: readonly DayRevision[], rowsMax: number): Promise<readonly Ranked[] | null> {
    const answer = await this.ask(days, rowsMax);
    if (!('stale' in answer)) return answer.top;
    await Promise.all(answer.stale.map(({ day }) => this.open(day)));
    const again = await this.ask(days, rowsMax);
    return 'stale' in again ? null : again.top;
  }

  private async ask(
    days: readonly DayRevision[],
    rowsMax: number,
  ): Promise<{ top: readonly Ranked[] } | { stale: readonly DayRevision[] }> {
    const keys = [...keysOf(`sum of ${days.length}`), ...days.flatMap(({ day }) => keysOf(day))];
    const states = days.flatMap(({ epoch, revision }) => [epoch, revision]);
    const [kind, ...rest] = (await this.redis.script(TOP_SELLERS, keys, [rowsMax, SUM_MS_MAX, ...states])) as string[];
    if (kind === 'stale') return { stale: rest.map((number) => days[Number(number) - 1] as DayRevision) };
    const figures = rest.map(Number);
    return {
      top: Array.from({ length: figures.length / 3 }, (_, index) => ({
        productId: figures[3 * index] as ProductId,
        salesCount: figures[3 * index + 1] as number,
        lastSoldAt: new Date(figures[3 * index + 2] as number),
      })),
    };
  }

  private async open(day: string): Promise<void> {
    const rows = await this.database.query<SoldRow>(SALES_OF_DAY, [day, PRODUCTS_MAX + 1]);
    const [first] = rows;
    if (!first || first.product_id === null || rows.length > PRODUCTS_MAX) return;
    const [units, sold] = keysOf(`${day}:draft:${randomUUID()}`) as [string, string];
    await this.redis.command((client) => {
      const loading = client.multi();
      for (let from = 0; from < rows.length; from += PRODUCTS_PER_COMMAND_MAX) {
        const page = rows.slice(from, from + PRODUCTS_PER_COMMAND_MAX);
        loading.zAdd(
          units,
          page.map((row) => ({ value: String(row.product_id), score: row.units })),
        );
        loading.zAdd(
          sold,
          page.map((row) => ({ value: String(row.product_id), score: row.sold_at_ms })),
        );
      }
      return loading.pExpire(units, DRAFT_MS_MAX).pExpire(sold, DRAFT_MS_MAX).exec();
    });
    await this.redis.script(OPEN_DAY, [...keysOf(day), units, sold], [first.epoch, first.revision, COPY_MS_MAX]);
  }
}

/** Braces: days are added up, so they belong to one slot of a cluster. */
const keysOf = (day: string): string[] => [`{sales}:${day}:units`, `{sales}:${day}:sold-at`, `{sales}:${day}:state`];

// One snapshot: the rows and the revision belong together.
const SALES_OF_DAY = sql(
  'product.sales-of-day',
  `SELECT d.epoch, d.revision, s.product_id, s.units, floor(extract(epoch FROM s.last_sold_at) * 1000)::float8 AS sold_at_ms
   FROM shop_product.sales_day d LEFT JOIN shop_product.daily_sales s USING (day)
   WHERE d.day = $1::date
   LIMIT $2`,
);
