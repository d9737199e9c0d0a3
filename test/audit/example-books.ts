import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { type FreshDatabase, freshDatabase } from '../support/database.js';

const BOOKS = await readFile(new URL('books.sql', import.meta.url), 'utf8');

/** What is under way in `books.sql` comes to an end. */
export const SETTLE = `
  DELETE FROM shop_product.stock_hold WHERE order_id = 8;
  UPDATE shop_product.stock_hold SET state = 'RELEASED' WHERE order_id = 7;
  UPDATE shop_product.product_option SET reserved = 1 WHERE product_option_id = 1;
  UPDATE shop_order.orders SET status = 'PAID', paid_at = '2026-03-02 01:00Z', payment_id = 5, discount_amount = 0, final_amount = 500 WHERE order_id = 5;
  UPDATE shop_order.payment_attempt SET state = 'PAID', finished_at = '2026-03-02 01:00Z' WHERE payment_id = 5;
  INSERT INTO shop_order.event_log (topic, shard, position, event_id, subject, dataschema, time, data) VALUES ('order.processed', 5, 1, '5', '5', 'order.processed.v1', '2026-03-02Z', '{}');
  UPDATE shop_order.event_log_head SET next_position = 2 WHERE topic = 'order.processed' AND shard = 5;
  UPDATE shop_product.event_cursor c SET position = next_position - 1 FROM shop_order.event_log_head h WHERE c.topic = h.topic AND c.shard = h.shard;
  UPDATE shop_product.daily_sales SET units = units + 2 WHERE product_id = 2`;

/** What the shop's tables would refuse, and an audit is for: a bug, a restored backup, a hand in the database. */
const WITHOUT_GUARDS = `
  SET session_replication_role = replica;
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
  DO $$ BEGIN
    EXECUTE (SELECT 'TRUNCATE ' || string_agg(format('%I.%I', schemaname, tablename), ', ') FROM pg_tables
             WHERE schemaname LIKE 'shop\\_%' AND tablename NOT LIKE 'migrations%');
  END $$;
  SET session_replication_role = origin;`;

export interface ExampleBooks extends FreshDatabase {
  run(statements: string): Promise<void>;
  /** Runs statements that the tables would refuse. */
  plant(statements: string): Promise<void>;
  /** As they were; what a plant took away from the tables stays away. */
  writeAnew(): Promise<void>;
}

/** A database of the test's own with the books of `books.sql`. */
export async function exampleBooks(): Promise<ExampleBooks> {
  const database = await freshDatabase();
  const run = async (statements: string): Promise<void> => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      await client.query(statements);
    } finally {
      await client.end();
    }
  };
  await run(BOOKS);
  return { ...database, run, plant: (statements) => run(WITHOUT_GUARDS + statements), writeAnew: () => run(EMPTY + BOOKS) };
}
