import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { withDatabase } from '../../src/database/database-url.js';
import type { BenchOptions } from '../options.js';
import { withAdmin } from '../with-admin.js';

const execute = promisify(execFile);

export const YARDSTICKS = {
  'one transaction': { script: 'pay-in-one-transaction.sql', pays: true, options: 1_000, coupons: 0 },
  'one transaction, coupons': { script: 'pay-in-one-transaction.sql', pays: true, options: 1_000, coupons: 1 },
  'one transaction, one product': { script: 'pay-in-one-transaction.sql', pays: true, options: 1, coupons: 0 },
  'five transactions, coupons': { script: 'pay-in-five-transactions.sql', pays: true, options: 1_000, coupons: 1 },
  'create in one transaction': { script: 'create-in-one-transaction.sql', pays: false, options: 1_000, coupons: 0 },
} as const;

export type YardstickName = keyof typeof YARDSTICKS;

const DATABASE = 'yardstick';
const THREADS = 2;
const USERS = 1_000;
const OPTIONS = 1_000;
const WARM_UP_SECONDS = 1;
/** Orders for so many are there; it is more than PostgreSQL does on a machine on which this makes sense. */
const TRANSACTIONS_PER_SECOND_MAX = 10_000;
const TRANSACTIONS_EACH_QUICK = 3;
const MORE_MS_MAX = 60_000;
const FILL = [
  `INSERT INTO product_option (product_option_id, name, price, stock, reserved)
   SELECT i, 'product ' || i, 10, 1000000000, 500000000 FROM generate_series(1, ${OPTIONS}) AS i`,
  `INSERT INTO account (user_id, balance) SELECT i, 1000000000 FROM generate_series(1, ${USERS}) AS i`,
];
// Whose order it is, the scripts work out from its id, too.
const PLACE_ORDERS = `
  WITH placed AS (
    INSERT INTO orders (order_id, user_id, total_amount) OVERRIDING SYSTEM VALUE
    SELECT id, 1 + id * 48271 % 65537 % ${USERS}, 10
    FROM (SELECT nextval(pg_get_serial_sequence('orders', 'order_id')) AS id FROM generate_series(1, $1::int)) AS ids
    RETURNING order_id
  ) SELECT min(order_id) AS first FROM placed`;
/** For the first order and every second one after it. */
const ISSUE_COUPONS = `
  WITH issued AS (
    INSERT INTO user_coupon (user_id, discount_rate)
    SELECT user_id, 50 FROM orders WHERE order_id >= $1 AND (order_id - $1) % 2 = 0 ORDER BY order_id RETURNING user_coupon_id
  ) SELECT min(user_coupon_id) AS first FROM issued`;

/** @returns its version, or null when there is none on the PATH. */
export async function pgbenchVersion(): Promise<string | null> {
  try {
    const { stdout } = await execute('pgbench', ['--version']);
    return stdout.trim();
  } catch {
    return null;
  }
}

/** What PostgreSQL does when the same work is written by hand, each order in transactions of its own, and nobody speaks HTTP. */
export class Pgbench {
  private constructor(
    private readonly url: string,
    private readonly database: pg.Client,
  ) {}

  /** In a database of its own on the shop's server. */
  static async open(postgresUrl: string): Promise<Pgbench> {
    await withAdmin(postgresUrl, (admin) => admin.query(`CREATE DATABASE ${DATABASE}`));
    const url = withDatabase(postgresUrl, DATABASE);
    const database = new pg.Client({ connectionString: url });
    database.on('error', () => {});
    await database.connect();
    await database.query(readFileSync(fileOf('schema.sql'), 'utf8'));
    for (const statement of [...FILL, 'ANALYZE']) await database.query(statement);
    return new Pgbench(url, database);
  }

  /** @returns transactions a second. @throws when one fails, or takes no effect. */
  async run(name: YardstickName, clients: number, { secondsMax, quick }: Pick<BenchOptions, 'secondsMax' | 'quick'>): Promise<number> {
    const { script, pays, options, coupons } = YARDSTICKS[name];
    const seconds = WARM_UP_SECONDS + secondsMax;
    const each = quick ? TRANSACTIONS_EACH_QUICK : Math.ceil((seconds * TRANSACTIONS_PER_SECOND_MAX) / clients);
    const orders = pays ? await this.unpaidOrders(each * clients) : null;
    const numbers = { turn: -1, orders_each: each, options, coupons, users: USERS, ...orders };
    const variables = Object.entries(numbers).flatMap(([variable, value]) => ['-D', `${variable}=${value}`]);
    const limit = quick ? ['-t', String(each)] : ['-T', String(seconds), '-P', '1'];
    const said = await this.pgbench(
      ['-n', '-M', 'prepared', '-c', String(clients), '-j', String(THREADS), ...limit, ...variables, '-f', fileOf(script)],
      seconds,
    );
    const processed = Number(/actually processed: (\d+)/.exec(said)?.[1]);
    if (orders !== null) await this.expectPaid(orders.first_order, each * clients, processed);
    return quick ? Number(/^tps = ([\d.]+)/m.exec(said)?.[1]) : perSecondWhenWarm(said);
  }

  async close(): Promise<void> {
    await this.database.end();
  }

  private async unpaidOrders(count: number): Promise<{ first_order: number; first_coupon: number }> {
    const { rows: orders } = await this.database.query<{ first: string }>(PLACE_ORDERS, [count]);
    const firstOrder = Number(orders[0]?.first);
    const { rows: coupons } = await this.database.query<{ first: string }>(ISSUE_COUPONS, [firstOrder]);
    return { first_order: firstOrder, first_coupon: Number(coupons[0]?.first) };
  }

  private async pgbench(args: readonly string[], seconds: number): Promise<string> {
    const { username, password, hostname, port } = new URL(this.url);
    const connection = { PGHOST: hostname, PGPORT: port, PGUSER: username, PGPASSWORD: password, PGDATABASE: DATABASE };
    const timeout = seconds * 1_000 + MORE_MS_MAX;
    const { stdout, stderr } = await execute('pgbench', args, { timeout, env: { PATH: process.env.PATH, ...connection } });
    return stderr + stdout;
  }

  /** A yardstick that does nothing would be a fast one. */
  private async expectPaid(firstOrder: number, count: number, processed: number): Promise<void> {
    const { rows } = await this.database.query<{ paid: string }>(
      `SELECT count(*) AS paid FROM orders JOIN ledger_entry USING (order_id)
       WHERE order_id >= $1 AND order_id < $2 AND status = 'PAID'`,
      [firstOrder, firstOrder + count],
    );
    if (Number(rows[0]?.paid) !== processed) throw new Error(`the yardstick paid ${rows[0]?.paid} orders in ${processed} transactions`);
  }
}

/** New sessions are cold: 128 of them spend most of their first second on filling their caches and preparing their statements. */
function perSecondWhenWarm(said: string): number {
  const seconds = [...said.matchAll(/^progress: [\d.]+ s, ([\d.]+) tps/gm)].map(([, tps]) => Number(tps)).slice(WARM_UP_SECONDS);
  if (seconds.length === 0) throw new Error(`pgbench says:\n${said}`);
  return seconds.reduce((sum, tps) => sum + tps, 0) / seconds.length;
}

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
