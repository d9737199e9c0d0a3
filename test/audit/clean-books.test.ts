import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { audit } from '../../src/audit/audit.js';
import { CannotAudit } from '../../src/audit/books.js';
import { Unavailable } from '../../src/kernel/faults.js';
import { expectCleanBooks } from '../support/books.js';
import { freshDatabase } from '../support/database.js';
import { type ExampleBooks, exampleBooks } from './example-books.js';

const pendingIn = async (books: ExampleBooks): Promise<string[]> => {
  const { checks } = await books.audit();
  return checks.flatMap(({ id, pending }) => pending.listed.map(({ sentence }) => `${id} ${sentence}`));
};

describe.each([
  ['one database', false],
  ['a database of each domain', true],
])('in %s', (_shape, split) => {
  let books: ExampleBooks;

  beforeAll(async () => {
    books = await exampleBooks({ split });
  });

  beforeEach(() => books.writeAnew());

  afterAll(() => books.drop());

  describe('the books of a shop in the middle of its day', () => {
    test('are clean, and tell what is under way', async () => {
      await expectCleanBooks(books);
      expect(await pendingIn(books)).toEqual([
        '3.2 order 5 is being paid by payment 5',
        '3.4 order 7 is CANCELLED, and 4 of option 1 are still HELD for it',
        '3.5 1 of option 1 are HELD for order 8, which does not exist (yet); the hold ends by itself',
        '5.2 1 order.processed of order wait(s) for product.rank-sales',
        '5.2 1 order.cancelled of order wait(s) for product.release-stock',
      ]);
    });

    test('are not clean for somebody who asks for a shop at rest', async () => {
      expect(await books.audit({ settled: true })).toMatchObject({ clean: false, violations: 0, pending: 5 });
    });

    test('are clean for them once all has come to its end', async () => {
      await books.settle();
      expect(await books.audit({ settled: true })).toMatchObject({ clean: true, violations: 0, pending: 0 });
    });

    test('say how much was gone through', async () => {
      const { census, checks } = await books.audit();
      expect(census).toMatchObject({
        accounts: 3,
        ledgerEntries: 7,
        orders: 7,
        paidOrders: 3,
        orderLines: 8,
        holds: 10,
        userCoupons: 3,
        events: 5,
        acknowledgements: 3,
        deliveredLines: 4,
      });
      expect(checks.filter(({ examined }) => examined === 0)).toEqual([]);
    });
  });

  describe('where other processes write files of their own', () => {
    const elsewhere = { deliveredElsewhere: true };

    test('an acknowledged order without a line in this folder is no violation', async () => {
      await rm(join(books.deliveredFolder, 'paid-orders-2026-03-01.ndjson'));
      expect(await books.audit()).toMatchObject({ clean: false, violations: 1 });
      expect(await books.audit(elsewhere)).toMatchObject({ clean: true, violations: 0 });
    });

    test('a line of an order that is not paid is one', async () => {
      await books.deliver('2026-03-02', 4);
      expect(await books.audit(elsewhere)).toMatchObject({ clean: false, violations: 1 });
    });
  });

  describe('a moment between two domains is no violation:', () => {
    test.each([
      ['a payment that has charged and not told the order yet', 'UPDATE shop_product.product SET revision = 1'],
      [
        'a payment that is being rolled back and has been paid back',
        `UPDATE shop_order.payment_attempt SET state = 'ROLLING_BACK' WHERE payment_id = 5;
       INSERT INTO shop_user.ledger_entry (user_id, amount, before_amount, after_amount, code, contra_account, payment_id)
         SELECT id, 500, 4500, 5000, 'REFUND', 'sales', 5 FROM shop_user.account WHERE id = 3;
       UPDATE shop_user.account SET balance = 5000 WHERE id = 3`,
      ],
      [
        'a payment that has used its coupon and not charged yet',
        `UPDATE shop_order.payment_attempt SET coupon_id = 1 WHERE payment_id = 5;
       UPDATE shop_coupon.user_coupon SET state = 'USED', order_id = 5, payment_id = 5, used_at = now() WHERE id = 2`,
      ],
      [
        'a payment that has confirmed nothing yet',
        `UPDATE shop_product.stock_hold SET state = 'HELD', payment_id = NULL WHERE order_id = 5;
       UPDATE shop_product.product_option SET stock = 27, reserved = 1 WHERE product_option_id = 2`,
      ],
      [
        'an order past its deadline whose stock went back before the order heard of it',
        `UPDATE shop_order.orders SET expires_at = '2026-03-02Z' WHERE order_id = 3;
       UPDATE shop_product.stock_hold SET state = 'RELEASED', expires_at = '2026-03-02Z' WHERE order_id = 3;
       UPDATE shop_product.product_option SET reserved = 5 WHERE product_option_id = 1`,
      ],
      [
        'an expired order whose release has failed and is parked',
        `UPDATE shop_product.stock_hold SET state = 'HELD' WHERE order_id = 4;
       UPDATE shop_product.product_option SET reserved = reserved + 3 WHERE product_option_id = 2;
       INSERT INTO shop_product.event_parked
         (subscriber, topic, source, shard, position, event_id, subject, event, never_gives_up, attempts, failures_total)
         VALUES ('product.release-stock', 'order.expired', 'order', 4, 1, '4', '4', '{}', true, 1, 1)`,
      ],
      [
        'a payment past its deadline of which a compensation fails and is tried again',
        `UPDATE shop_order.payment_attempt SET state = 'ROLLING_BACK', deadline_at = '2026-03-02Z' WHERE payment_id = 5;
       INSERT INTO shop_order.event_log_head (topic, shard, next_position) SELECT 'order.payment.fail', shard, 1 + (shard = 5)::int FROM generate_series(0, 15) shard;
       INSERT INTO shop_order.event_log (topic, shard, position, event_id, subject, dataschema, time, data)
         VALUES ('order.payment.fail', 5, 1, '5', '5', 'v1', '2026-03-02Z', '{}');
       INSERT INTO shop_product.event_cursor SELECT 'product.roll-back-stock', 'order.payment.fail', 'order', shard, (shard = 5)::int FROM generate_series(0, 15) shard;
       INSERT INTO shop_product.event_parked
         (subscriber, topic, source, shard, position, event_id, subject, event, never_gives_up, attempts, failures_total, parked_at, next_attempt_at)
         VALUES ('product.roll-back-stock', 'order.payment.fail', 'order', 5, 1, '5', '5', '{}', true, 9, 9, '2026-03-02Z', now() + interval '1 minute')`,
      ],
      [
        'a sale that an operator has decided not to rank',
        `UPDATE shop_product.event_cursor SET position = 1 WHERE topic = 'order.processed' AND shard = 6;
       INSERT INTO shop_product.dead_letter_action (actor, action, reason, parked_id, subscriber, event_id, event, failures_total, failures)
         VALUES ('cli:ada', 'DISCARD', 'a test', 1, 'product.rank-sales', '6', '{"type": "order.processed", "subject": "6"}', 12, '[]')`,
      ],
      [
        'a dead letter',
        `INSERT INTO shop_product.event_parked
         (subscriber, topic, source, shard, position, event_id, subject, event, never_gives_up, state, attempts, failures_total)
         VALUES ('product.release-stock', 'order.expired', 'order', 4, 1, '4', '4', '{}', false, 'DEAD', 12, 12)`,
      ],
      [
        'an expired order of which the product domain has not started to hear',
        `DELETE FROM shop_product.event_cursor WHERE subscriber = 'product.release-stock'`,
      ],
    ])('%s', async (_, change) => {
      await books.run(`ALTER TABLE shop_user.ledger_entry ALTER id RESTART 100; ${change}`);
      await expectCleanBooks(books);
    });
  });
});

describe('an audit', () => {
  test('of a shop that has not sold anything is clean, and says that there was nothing', async () => {
    const empty = await freshDatabase();
    try {
      const { checks, clean } = await audit(empty.url);
      expect(clean).toBe(true);
      expect(checks.filter(({ examined }) => examined > 0)).toEqual([]);
    } finally {
      await empty.drop();
    }
  });

  test('of a database without a shop cannot be made', async () => {
    const other = await freshDatabase({ domains: ['order'] });
    try {
      await expect(audit(other.url)).rejects.toThrow(/^no shop has been opened on \S+test_\w+ \(no tables of product\)\. Run: npm start$/);
    } finally {
      await other.drop();
    }
  });

  test('of a shop one of whose databases is empty names the domain and the database', async () => {
    const empty = await freshDatabase({ domains: ['cart'] });
    const shop = await freshDatabase();
    try {
      await expect(audit({ url: shop.url, domainUrls: { user: empty.url } })).rejects.toThrow(
        /^no shop has been opened on \S+test_\w+ \(no tables of user\)/,
      );
    } finally {
      await Promise.all([empty.drop(), shop.drop()]);
    }
  });

  test('that is not through in time is ended, and says so', async () => {
    const shop = await freshDatabase();
    const writer = new pg.Client({ connectionString: shop.url });
    await writer.connect();
    try {
      // Migrations lock like that: the only thing that an audit waits for.
      await writer.query('BEGIN; LOCK TABLE shop_user.contra_entry');
      await expect(audit({ url: shop.url, timeMsMax: 300 })).rejects.toThrow(
        new CannotAudit('the audit was not through after 1 s, and was ended'),
      );
    } finally {
      await writer.end();
      await shop.drop();
    }
  });

  test('tells what it is at', async () => {
    const shop = await freshDatabase();
    const told: string[] = [];
    try {
      await audit({ url: shop.url, onProgress: (done) => told.push(done) });
      expect(told).toContain('1.1');
      expect(told.at(-1)).toBe('7.2');
    } finally {
      await shop.drop();
    }
  });

  test('leaves nothing behind', async () => {
    const books = await exampleBooks({ split: true });
    const rest = `SELECT relname FROM pg_class WHERE relpersistence = 't'`;
    const looking = new pg.Client({ connectionString: books.url });
    await looking.connect();
    try {
      await books.audit();
      // The server drops the tables when it has noticed that the session has ended.
      await expect.poll(async () => (await looking.query(rest)).rows, { timeout: 20_000 }).toEqual([]);
    } finally {
      await looking.end();
      await books.drop();
    }
  });

  test('of a database that does not answer says so', async () => {
    await expect(audit('postgres://nobody@127.0.0.1:1/nothing')).rejects.toThrow(Unavailable);
  });
});
