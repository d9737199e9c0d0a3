import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freshDatabase } from '../support/database.js';
import { type ExampleBooks, exampleBooks } from './example-books.js';
import { cancelledOrder, paidOrder, type Step } from './order-steps.js';

const AUDITS = 12;
/** Each has shards of its own, so that it can move cursors by one. */
const WRITERS = 4;
const SHARDS = 16;
const HELD_FOR_A_PAID_ORDER = `
  UPDATE shop_product.stock_hold SET state = 'HELD', payment_id = NULL WHERE order_id = 1;
  UPDATE shop_product.product_option SET stock = stock + 2, reserved = reserved + 2 WHERE product_option_id = 1`;

describe.each([
  ['one database', false],
  ['a database of each domain', true],
])('in %s', (_shape, split) => {
  let books: ExampleBooks;

  beforeAll(async () => {
    books = await exampleBooks({ split });
  });

  beforeEach(async () => {
    await books.writeAnew();
    await books.settle();
    await books.run(`ALTER TABLE shop_user.ledger_entry ALTER id RESTART 100`);
  });

  afterAll(() => books.drop());

  async function sell(writer: number, goOn: () => boolean): Promise<number> {
    const urls = [...new Set([books.url, ...Object.values(books.domainUrls)])];
    const clients = new Map(urls.map((url) => [url, new pg.Client({ connectionString: url })]));
    await Promise.all([...clients.values()].map((client) => client.connect()));
    const run = ({ domain, sql }: Step): Promise<unknown> =>
      (clients.get(books.domainUrls[domain] ?? books.url) as pg.Client).query(`BEGIN; ${sql}; COMMIT`);
    let sold = 0;
    try {
      for (let order = 1_600 + writer; goOn(); order += WRITERS) {
        const cancelled = order % 3 === 0;
        for (const step of (cancelled ? cancelledOrder : paidOrder)(order, order % SHARDS)) await run(step);
        if (!cancelled) sold++;
      }
      return sold;
    } finally {
      await Promise.all([...clients.values()].map((client) => client.end()));
    }
  }

  test('every audit among writers is clean: whatever is half done is pending', async () => {
    let auditing = true;
    const writing = Array.from({ length: WRITERS }, (_, writer) => sell(writer, () => auditing));
    const reports = [];
    for (let count = 0; count < AUDITS; count++) reports.push(await books.audit());
    auditing = false;
    const sold = (await Promise.all(writing)).reduce((total, each) => total + each, 0);

    expect(reports.flatMap(({ checks }) => checks.flatMap(({ violations }) => violations.listed))).toEqual([]);
    expect(sold).toBeGreaterThan(0);
    expect(await books.audit()).toMatchObject({ violations: 0, census: { paidOrders: 4 + sold } });
  });

  test('a violation that stands still is found among writers', async () => {
    await books.plant(HELD_FOR_A_PAID_ORDER);
    let auditing = true;
    const writing = Array.from({ length: WRITERS }, (_, writer) => sell(writer, () => auditing));
    await sleep(50);
    const { checks } = await books.audit();
    auditing = false;
    await Promise.all(writing);
    expect(checks.flatMap(({ violations }) => violations.listed.map(({ sentence }) => sentence))).toEqual([
      'order 1 is PAID by payment 1, and 2 of option 1 are HELD by payment none for it',
    ]);
  });

  test.each([
    ['the order database: whatever was written since may have been moving', 'order', split ? 0 : 1],
    ['another database of the cluster: nothing to us', 'elsewhere', 1],
  ] as const)('F4: an old transaction in %s', async (_what, where, violations) => {
    const elsewhere = await freshDatabase();
    const writer = await connected(where === 'order' ? books.url : elsewhere.url);
    try {
      await writer.query('BEGIN; SELECT pg_current_xact_id()');
      await books.writeAnew();
      await books.settle();
      await books.plant(HELD_FOR_A_PAID_ORDER);
      expect(await books.audit()).toMatchObject({ violations });
    } finally {
      await writer.end();
      await elsewhere.drop();
    }
  });

  test('what is committed while an audit is running is not in it', async () => {
    const writer = await writerOf('user');
    try {
      // Only the first check reads this table: there the audit stops, with its snapshots taken and nearly everything still to be read.
      await writer.query('BEGIN; LOCK TABLE shop_user.contra_entry');
      const auditing = books.audit();
      await auditWaits(writer);
      await writer.query('UPDATE shop_user.account SET balance = balance + 1; COMMIT');
      expect(await auditing).toMatchObject({ violations: 0 });
      expect(await books.audit()).toMatchObject({ violations: 3 });
    } finally {
      await writer.end();
    }
  });

  test('an audit does not wait for writers: it goes past every row that they have locked', async () => {
    const writers = await Promise.all((split ? ['order', 'product', 'user'] : ['order']).map(writerOf));
    try {
      await Promise.all(
        writers.map((writer) =>
          writer.query(`
            BEGIN;
            SELECT FROM shop_user.account FOR UPDATE;
            SELECT FROM shop_product.product_option FOR UPDATE;
            UPDATE shop_order.orders SET user_id = user_id + 1`),
        ),
      );
      expect(await books.audit()).toMatchObject({ violations: 0 });
    } finally {
      await Promise.all(writers.map((writer) => writer.end()));
    }
  });

  test('writers do not wait for an audit: its strongest lock on a table of the shop is the one that every reader has', async () => {
    const writer = await writerOf('user');
    try {
      await writer.query('BEGIN; LOCK TABLE shop_user.contra_entry');
      const auditing = books.audit();
      await auditWaits(writer);
      const { rows } = await writer.query(
        `SELECT DISTINCT lock.mode FROM pg_locks lock JOIN pg_stat_activity USING (pid) JOIN pg_class ON pg_class.oid = lock.relation
         WHERE application_name = 'ordersaga audit' AND relnamespace::regnamespace::text LIKE 'shop\\_%'`,
      );
      expect(rows).toEqual([{ mode: 'AccessShareLock' }]);
      await writer.query('COMMIT');
      await auditing;
    } finally {
      await writer.end();
    }
  });

  test('an audit that takes too long holds nothing back: its snapshots are gone with it', async () => {
    const writer = await writerOf('user');
    try {
      await writer.query('BEGIN; LOCK TABLE shop_user.contra_entry');
      await expect(books.audit({ timeMsMax: 1_500 })).rejects.toThrow('the audit was not through after 2 s, and was ended');
      const held = `SELECT pid FROM pg_stat_activity WHERE application_name = 'ordersaga audit' AND datname = current_database()`;
      await expect.poll(async () => (await writer.query(held)).rows, { timeout: 20_000 }).toEqual([]);
    } finally {
      await writer.end();
    }
  });

  const writerOf = (domain: string): Promise<pg.Client> => connected(books.domainUrls[domain] ?? books.url);
});

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

async function auditWaits(observer: pg.Client): Promise<void> {
  const waiting = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'shop_user.contra_entry'::regclass`;
  while ((await observer.query(waiting)).rowCount === 0) await sleep(5);
}
