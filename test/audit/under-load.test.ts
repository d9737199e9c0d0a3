import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { audit } from '../../src/audit/audit.js';
import { type ExampleBooks, exampleBooks } from './example-books.js';

const AUDITS = 12;
const WRITERS = 3;

let books: ExampleBooks;

beforeEach(async () => {
  books = await exampleBooks();
  await books.run(
    `ALTER TABLE shop_user.ledger_entry ALTER id RESTART 100; ALTER TABLE shop_order.payment_attempt ALTER payment_id RESTART 100`,
  );
});

afterEach(() => books.drop());

/** One order of one cup from nothing to PAID and told, each step a transaction of its own domain, as the shop does it. */
const ORDER_STEPS = [
  `INSERT INTO shop_product.stock_receipt (product_option_id, quantity, operator_id) VALUES (2, 1, 1);
   UPDATE shop_product.product_option SET stock = stock + 1 WHERE product_option_id = 2`,
  `UPDATE shop_product.product_option SET reserved = reserved + 1 WHERE product_option_id = 2;
   INSERT INTO shop_product.stock_hold (order_id, product_option_id, quantity, expires_at, payment_id, state) VALUES ($ORDER, 2, 1, '2999-01-01Z', NULL, 'HELD')`,
  `INSERT INTO shop_order.orders (order_id, user_id, status, total_amount, currency, expires_at) VALUES ($ORDER, 2, 'PENDING', 1, 'KRW', '2999-01-01Z');
   INSERT INTO shop_order.order_line (order_id, line, product_option_id, product_id, name, price, quantity, subtotal) VALUES ($ORDER, 1, 2, 2, 'Cup, white', 1, 1, 1)`,
  `UPDATE shop_order.orders SET status = 'PAYMENT_PROCESSING' WHERE order_id = $ORDER;
   INSERT INTO shop_order.payment_attempt (payment_id, order_id, user_id, total_amount, lease_until, deadline_at)
     OVERRIDING SYSTEM VALUE VALUES ($ORDER, $ORDER, 2, 1, '2999-01-01Z', '2999-01-01Z')`,
  `UPDATE shop_product.product_option SET stock = stock - 1, reserved = reserved - 1 WHERE product_option_id = 2;
   UPDATE shop_product.stock_hold SET state = 'CONFIRMED', payment_id = $ORDER WHERE order_id = $ORDER`,
  `WITH charged AS (UPDATE shop_user.account SET balance = balance - 1 WHERE id = 2 RETURNING balance)
   INSERT INTO shop_user.ledger_entry (user_id, amount, before_amount, after_amount, code, contra_account, payment_id)
   SELECT 2, -1, balance + 1, balance, 'PAYMENT', 'sales', $ORDER FROM charged`,
  `UPDATE shop_order.orders SET status = 'PAID', payment_id = $ORDER, paid_at = '2026-03-05Z', discount_amount = 0, final_amount = 1 WHERE order_id = $ORDER;
   UPDATE shop_order.payment_attempt SET state = 'PAID', finished_at = now() WHERE payment_id = $ORDER;
   WITH head AS (UPDATE shop_order.event_log_head SET next_position = next_position + 1 WHERE topic = 'order.processed' AND shard = $SHARD RETURNING next_position - 1 AS position)
   INSERT INTO shop_order.event_log (topic, shard, position, event_id, subject, dataschema, time, data) SELECT 'order.processed', $SHARD, position, '$ORDER', '$ORDER', 'order.processed.v1', now(), '{}' FROM head`,
];

async function sell(orders: Iterable<number>, goOn: () => boolean): Promise<number> {
  const client = new pg.Client({ connectionString: books.url });
  await client.connect();
  let sold = 0;
  try {
    for (const order of orders) {
      if (!goOn()) break;
      for (const step of ORDER_STEPS) {
        await client.query(`BEGIN; ${step.replaceAll('$ORDER', String(order)).replaceAll('$SHARD', String(order % 16))}; COMMIT`);
      }
      sold++;
    }
    return sold;
  } finally {
    await client.end();
  }
}

function* every(step: number, from: number): Generator<number> {
  for (let number = from; ; number += step) yield number;
}

test('every audit among writers sees one moment: whatever is half done is pending, nothing is wrong', async () => {
  let auditing = true;
  const writing = Array.from({ length: WRITERS }, (_, index) => sell(every(WRITERS, 1_000 + index), () => auditing));
  const reports = [];
  for (let count = 0; count < AUDITS; count++) reports.push(await audit(books.url));
  auditing = false;
  const sold = (await Promise.all(writing)).reduce((total, each) => total + each, 0);

  expect(reports.flatMap(({ checks }) => checks.flatMap(({ violations }) => violations.listed))).toEqual([]);
  expect(sold).toBeGreaterThan(0);
  const last = await audit(books.url);
  expect(last).toMatchObject({ violations: 0, census: { paidOrders: 3 + sold } });
});

test('what is committed while an audit is running is not in it', async () => {
  const writer = new pg.Client({ connectionString: books.url });
  await writer.connect();
  try {
    // Only the first check reads this table: there the audit stops, with its snapshot taken and nearly everything still to be read.
    await writer.query('BEGIN; LOCK TABLE shop_user.contra_entry');
    const auditing = audit(books.url);
    await auditWaits(writer);
    await writer.query('UPDATE shop_user.account SET balance = balance + 1; COMMIT');
    expect(await auditing).toMatchObject({ violations: 0 });
    expect(await audit(books.url)).toMatchObject({ violations: 3 });
  } finally {
    await writer.end();
  }
});

async function auditWaits(observer: pg.Client): Promise<void> {
  const waiting = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'shop_user.contra_entry'::regclass`;
  while ((await observer.query(waiting)).rowCount === 0) await sleep(5);
}

test('an audit does not wait for writers: it goes past every row that they have locked', async () => {
  const writer = new pg.Client({ connectionString: books.url });
  await writer.connect();
  try {
    await writer.query(`
      BEGIN;
      SELECT FROM shop_user.account FOR UPDATE;
      SELECT FROM shop_product.product_option FOR UPDATE;
      UPDATE shop_order.orders SET user_id = user_id + 1`);
    expect(await audit(books.url)).toMatchObject({ violations: 0 });
    await writer.query('ROLLBACK');
  } finally {
    await writer.end();
  }
});
