import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { audit, CannotAudit } from '../../src/audit/audit.js';
import { Unavailable } from '../../src/kernel/faults.js';
import { expectCleanBooks } from '../support/books.js';
import { freshDatabase } from '../support/database.js';
import { type ExampleBooks, exampleBooks, SETTLE } from './example-books.js';

let books: ExampleBooks;

beforeEach(async () => {
  books = await exampleBooks();
});

afterEach(() => books.drop());

const pendingIn = async (): Promise<string[]> => {
  const { checks } = await audit(books.url);
  return checks.flatMap(({ id, pending }) => pending.listed.map(({ sentence }) => `${id} ${sentence}`));
};

describe('the books of a shop in the middle of its day', () => {
  test('are clean, and tell what is under way', async () => {
    await expectCleanBooks(books.url);
    expect(await pendingIn()).toEqual([
      '3.2 order 5 is being paid by payment 5',
      '3.4 order 7 is CANCELLED, and 4 of option 1 are still HELD for it',
      '3.5 1 of option 1 are HELD for order 8, which does not exist (yet); the hold ends by itself',
      '5.2 1 order.processed of order wait(s) for product.rank-sales',
      '5.2 1 order.cancelled of order wait(s) for product.release-stock',
    ]);
  });

  test('are not clean for somebody who asks for a shop at rest', async () => {
    expect(await audit({ url: books.url, settled: true })).toMatchObject({ clean: false, violations: 0, pending: 5 });
  });

  test('are clean for them once all has come to its end', async () => {
    await books.run(SETTLE);
    await expectCleanBooks({ databaseUrl: books.url, settle: () => Promise.resolve() });
  });

  test('say how much was gone through', async () => {
    const { census, checks } = await audit(books.url);
    expect(census).toMatchObject({
      accounts: 3,
      ledgerEntries: 7,
      orders: 7,
      paidOrders: 3,
      orderLines: 8,
      holds: 10,
      userCoupons: 3,
      events: 5,
    });
    expect(checks.filter(({ examined }) => examined === 0)).toEqual([]);
  });
});

describe('a moment between two domains is no violation:', () => {
  test.each([
    ['a payment that has charged and not told the order yet', 'UPDATE shop_product.product SET revision = 1'],
    [
      'a payment that is being rolled back and has been paid back',
      `UPDATE shop_order.payment_attempt SET state = 'ROLLING_BACK' WHERE payment_id = 5;
       INSERT INTO shop_user.ledger_entry (user_id, amount, before_amount, after_amount, code, contra_account, payment_id)
         OVERRIDING SYSTEM VALUE SELECT 3, 500, 4500, 5000, 'REFUND', 'sales', 5;
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
    await books.run(`ALTER TABLE shop_user.ledger_entry ALTER id RESTART 100; ${change.replace('OVERRIDING SYSTEM VALUE ', '')}`);
    await expectCleanBooks(books.url);
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
      await expect(audit(other.url)).rejects.toThrow(
        new CannotAudit('no shop has been opened on this database (no tables of product, coupon, user). Run: npm start'),
      );
    } finally {
      await other.drop();
    }
  });

  test('of domains in several databases is refused: no snapshot spans them', async () => {
    await expect(audit({ url: books.url, domainUrls: { user: 'postgres://elsewhere/users' } })).rejects.toThrow(CannotAudit);
  });

  test('of a database that does not answer says so', async () => {
    await expect(audit('postgres://nobody@127.0.0.1:1/nothing')).rejects.toThrow(Unavailable);
  });
});
