import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { audit, type AuditOptions } from '../../src/audit/audit.js';
import type { Addresses } from '../../src/audit/books.js';
import type { AuditReport } from '../../src/audit/report.js';
import { freshDatabase } from '../support/database.js';
import { temporaryFolder } from '../support/embedded.js';

const BOOKS = await readFile(new URL('books.sql', import.meta.url), 'utf8');
const MOVED_DOMAINS = ['product', 'coupon', 'user'];

/** What is under way in `books.sql` comes to an end. */
const SETTLE = `
  DELETE FROM shop_product.stock_hold WHERE order_id = 8;
  UPDATE shop_product.stock_hold SET state = 'RELEASED' WHERE order_id = 7;
  UPDATE shop_product.product_option SET reserved = 1 WHERE product_option_id = 1;
  UPDATE shop_order.orders SET status = 'PAID', paid_at = '2026-03-02 01:00Z', payment_id = 5, discount_amount = 0, final_amount = 500 WHERE order_id = 5;
  UPDATE shop_order.payment_attempt SET state = 'PAID', finished_at = '2026-03-02 01:00Z' WHERE payment_id = 5;
  INSERT INTO shop_order.event_log (topic, shard, position, event_id, subject, dataschema, time, data) VALUES ('order.processed', 5, 1, '5', '5', 'order.processed.v1', '2026-03-02Z', '{}');
  UPDATE shop_order.event_log_head SET next_position = 2 WHERE topic = 'order.processed' AND shard = 5;
  UPDATE shop_order.event_cursor SET position = 1 WHERE shard = 5;
  INSERT INTO shop_order.data_platform_ack (order_id, event_id, adapter) VALUES (5, 'order.processed:5', 'file');
  UPDATE shop_product.event_cursor SET position = 1 WHERE (topic, shard) IN (('order.processed', 5), ('order.processed', 6), ('order.cancelled', 7));
  UPDATE shop_product.daily_sales SET units = units + 2 WHERE product_id = 2`;

/** What the shop's tables would refuse, and an audit is for: a bug, a restored backup, a hand in the database. */
const WITHOUT_GUARDS = `
  DO $$
  DECLARE guard record;
  BEGIN
    FOR guard IN SELECT conrelid::regclass AS of_table, conname FROM pg_constraint
                 WHERE connamespace::regnamespace::text LIKE 'shop\\_%' AND contype IN ('c', 'u', 'f') LOOP
      EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I CASCADE', guard.of_table, guard.conname);
    END LOOP;
    FOR guard IN SELECT indexrelid::regclass AS name FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
                 WHERE relnamespace::regnamespace::text LIKE 'shop\\_%' AND indisunique AND NOT indisprimary LOOP
      EXECUTE format('DROP INDEX %s', guard.name);
    END LOOP;
  END $$;`;

const EMPTY = `
  SET session_replication_role = replica;
  DO $$
  DECLARE its record;
  BEGIN
    FOR its IN SELECT schemaname, tablename FROM pg_tables WHERE schemaname LIKE 'shop\\_%' AND tablename NOT LIKE 'migrations%' LOOP
      EXECUTE format('DELETE FROM %I.%I', its.schemaname, its.tablename);
    END LOOP;
  END $$;
  SET session_replication_role = origin;`;

const booksOf = (domains: readonly string[]): string =>
  BOOKS.split(/(?<=;)\n\n/)
    .filter((statement) => domains.some((domain) => statement.includes(`INSERT INTO shop_${domain}.`)))
    .join('\n');

export interface ExampleBooks extends Addresses {
  readonly domainUrls: Readonly<Record<string, string>>;
  readonly deliveredFolder: string;
  audit(options?: Partial<AuditOptions>): Promise<AuditReport>;
  /** In every database; where a domain lives elsewhere its tables are empty, and whatever they get is nobody's. */
  run(statements: string): Promise<void>;
  /** Runs statements that the tables would refuse. */
  plant(statements: string): Promise<void>;
  /** Hands an order over to the data platform. */
  deliver(day: string, ...orderIds: readonly number[]): Promise<void>;
  settle(): Promise<void>;
  /** As they were; what a plant took away from the tables stays away. */
  writeAnew(): Promise<void>;
  drop(): Promise<void>;
}

/** The books of `books.sql` in a database of the test's own, or in one of each domain's. */
export async function exampleBooks({ split = false } = {}): Promise<ExampleBooks> {
  const folder = temporaryFolder();
  const deliveredFolder = join(folder.path, 'data-platform');
  const home = await connected(split ? ['order'] : ['order', ...MOVED_DOMAINS]);
  const others = await Promise.all((split ? MOVED_DOMAINS : []).map((domain) => connected([domain])));
  const domainUrls = Object.fromEntries(others.flatMap(({ url, domains }) => domains.map((domain) => [domain, url])));
  const everywhere = [home, ...others];
  const run = async (statements: string): Promise<void> =>
    void (await Promise.all(everywhere.map(({ client }) => client.query(statements))));
  const deliver = (day: string, ...orderIds: readonly number[]): Promise<void> =>
    appendFile(join(deliveredFolder, `paid-orders-${day}.ndjson`), orderIds.map(lineOf).join(''));

  const writeAnew = async (): Promise<void> => {
    await Promise.all(everywhere.map(({ client, domains }) => client.query(EMPTY + booksOf(domains))));
    await rm(deliveredFolder, { recursive: true, force: true });
    await mkdir(deliveredFolder);
    await writeFile(join(deliveredFolder, 'somebody else’s file.txt'), '{"id":"order.processed:4"}\n');
    await deliver('2026-03-01', 1);
    await deliver('2026-03-02', 2, 6, 2);
  };
  await writeAnew();
  let guarded = true;
  return {
    url: home.url,
    domainUrls,
    deliveredFolder,
    audit: (options = {}) => audit({ url: home.url, domainUrls, deliveredFolder, ...options }),
    run,
    plant: async (statements) => {
      if (guarded) await run(WITHOUT_GUARDS);
      guarded = false;
      await run(`SET session_replication_role = replica; ${statements}; SET session_replication_role = origin`);
    },
    deliver,
    settle: async () => {
      await run(SETTLE);
      await deliver('2026-03-02', 5);
    },
    writeAnew,
    drop: async () => {
      folder.remove();
      await Promise.all(everywhere.map(({ drop }) => drop()));
    },
  };
}

async function connected(domains: readonly string[]) {
  const { url, drop } = await freshDatabase();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return { url, domains, client, drop: () => client.end().then(drop) };
}

const lineOf = (orderId: number): string =>
  `${JSON.stringify({ specversion: '1.0', id: `order.processed:${orderId}`, data: { name: '찻잔' } })}\n`;
