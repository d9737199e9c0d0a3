import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { audit } from '../../src/audit/audit.js';
import type { AuditReport } from '../../src/audit/report.js';
import { exampleBooks, SETTLE } from './example-books.js';

let books: Awaited<ReturnType<typeof exampleBooks>>;

beforeEach(async () => {
  books = await exampleBooks();
});

afterEach(() => books.drop());

interface Plant {
  readonly check: string;
  readonly what: string;
  readonly sql: string;
  /** The whole sentences, and so the ids and the numbers. */
  readonly sentences: readonly string[];
}

/** Every one breaks what its check is for, and nothing else: whatever the plant touches elsewhere is kept consistent. */
const PLANTS: readonly Plant[] = [
  {
    check: '1.1',
    what: 'an entry without its other half',
    sql: 'DELETE FROM shop_user.contra_entry WHERE entry_id = 3',
    sentences: ['ledger entry 3 of -1800 has no other half on sales'],
  },
  {
    check: '1.1',
    what: 'an other half of the wrong amount',
    sql: 'UPDATE shop_user.contra_entry SET amount = 1799 WHERE entry_id = 3',
    sentences: ['ledger entry 3 of -1800 should be balanced once on sales, and is 1 time(s) by 1799 on sales'],
  },
  {
    check: '1.1',
    what: 'an other half twice',
    sql: `ALTER TABLE shop_user.contra_entry DROP CONSTRAINT contra_entry_pkey;
          INSERT INTO shop_user.contra_entry SELECT * FROM shop_user.contra_entry WHERE entry_id = 3`,
    sentences: ['ledger entry 3 of -1800 should be balanced once on sales, and is 2 time(s) by 3600 on sales'],
  },
  {
    check: '1.1',
    what: 'an other half of nothing',
    sql: `INSERT INTO shop_user.contra_entry VALUES (99, 'sales', 700)`,
    sentences: ['700 on sales is the other half of ledger entry 99, which does not exist'],
  },
  {
    check: '1.2',
    what: 'an entry that begins elsewhere than the one before it ended',
    sql: 'UPDATE shop_user.ledger_entry SET before_amount = before_amount + 5, after_amount = after_amount + 5 WHERE id = 7',
    sentences: ['ledger entry 7 of account 2 begins at 8205, where the entry before it ended at 8200, and goes by -2000 to 6205'],
  },
  {
    check: '1.2',
    what: 'an entry that does not add up',
    sql: 'UPDATE shop_user.ledger_entry SET after_amount = 6201 WHERE id = 7',
    sentences: ['ledger entry 7 of account 2 begins at 8200, where the entry before it ended at 8200, and goes by -2000 to 6201'],
  },
  {
    check: '1.3',
    what: 'a balance that is not the sum of its entries',
    sql: 'UPDATE shop_user.account SET balance = 6201 WHERE id = 2',
    sentences: ['account 2 has a balance of 6201, but its ledger entries sum to 6200'],
  },
  {
    check: '1.3',
    what: 'a balance that came from nowhere',
    sql: 'UPDATE shop_user.account SET balance = 10 WHERE id = 1',
    sentences: ['account 1 has a balance of 10, but its ledger entries sum to 0'],
  },
  {
    check: '1.3',
    what: 'entries of an account that does not exist',
    sql: `INSERT INTO shop_user.ledger_entry (id, user_id, amount, before_amount, after_amount, code, contra_account) OVERRIDING SYSTEM VALUE
            VALUES (8, 99, 10, 0, 10, 'CHARGE', 'external-funds');
          INSERT INTO shop_user.contra_entry VALUES (8, 'external-funds', -10)`,
    sentences: ['there are ledger entries of account 99, which does not exist; they sum to 10'],
  },
  {
    check: '1.4',
    what: 'a balance below zero',
    sql: `UPDATE shop_user.account SET balance = -5 WHERE id = 1;
          INSERT INTO shop_user.ledger_entry (id, user_id, amount, before_amount, after_amount, code, contra_account) OVERRIDING SYSTEM VALUE
            VALUES (8, 1, -5, 0, -5, 'ADJUST', 'corrections');
          INSERT INTO shop_user.contra_entry VALUES (8, 'corrections', 5)`,
    sentences: ['account 1 had a balance of -5 after ledger entry 8', 'account 1 has a balance of -5'],
  },
  {
    check: '2.1',
    what: 'stock that nobody received',
    sql: 'UPDATE shop_product.product_option SET stock = stock + 1 WHERE product_option_id = 2',
    sentences: ['option 2 has 27 in stock and 4 sold, but 30 received'],
  },
  {
    check: '2.1',
    what: 'a receipt that never came to the shelf',
    sql: 'INSERT INTO shop_product.stock_receipt (product_option_id, quantity, operator_id) VALUES (1, 7, 1)',
    sentences: ['option 1 has 47 in stock and 3 sold, but 57 received'],
  },
  {
    check: '2.2',
    what: 'reserved pieces that nobody holds',
    sql: 'UPDATE shop_product.product_option SET reserved = reserved + 1 WHERE product_option_id = 2',
    sentences: ['option 2 has 1 reserved, but 0 held'],
  },
  {
    check: '2.3',
    what: 'more sold than received',
    sql: `UPDATE shop_product.product_option SET stock = 5 WHERE product_option_id = 1;
          UPDATE shop_product.stock_receipt SET quantity = 8 WHERE quantity = 40;
          DELETE FROM shop_product.stock_receipt WHERE quantity = 10`,
    sentences: ['option 1 has 5 in stock and 6 reserved: -1 available'],
  },
  {
    check: '3.1',
    what: 'a total that is not the sum of the lines',
    sql: 'UPDATE shop_order.orders SET total_amount = 1001 WHERE order_id = 3; UPDATE shop_order.payment_attempt SET total_amount = 1001 WHERE order_id = 3',
    sentences: ['order 3 has a total of 1001, but its lines sum to 1000'],
  },
  {
    check: '3.1',
    what: 'a subtotal that is not price times quantity',
    sql: 'UPDATE shop_order.order_line SET price = 999 WHERE order_id = 1',
    sentences: ['order 1 has 1 line(s) whose subtotal is not price times quantity'],
  },
  {
    check: '3.1',
    what: 'a final amount that is not the total less the discount',
    sql: 'UPDATE shop_order.orders SET final_amount = 10, discount_amount = NULL WHERE order_id = 4',
    sentences: ['order 4 is EXPIRED with a total of 1500, a discount of nothing and a final amount of 10'],
  },
  {
    check: '3.1',
    what: 'an order without lines',
    sql: `INSERT INTO shop_order.orders (order_id, user_id, status, total_amount, currency, expires_at) VALUES (20, 2, 'PENDING', 0, 'KRW', '2999-01-01Z')`,
    sentences: ['order 20 has no lines'],
  },
  {
    check: '3.2',
    what: 'an order left in PAYMENT_PROCESSING by nobody',
    sql: `UPDATE shop_order.orders SET status = 'PAYMENT_PROCESSING' WHERE order_id = 3`,
    sentences: ['order 3 is PAYMENT_PROCESSING by payment none, and 0 of its payments are under way, 0 paid (none)'],
  },
  {
    check: '3.2',
    what: 'a payment under way of an order that is not being paid',
    sql: `INSERT INTO shop_order.payment_attempt (payment_id, order_id, user_id, total_amount, state, lease_until, deadline_at) OVERRIDING SYSTEM VALUE
            VALUES (9, 4, 3, 1500, 'ROLLING_BACK', '2026-03-02Z', '2026-03-02Z')`,
    sentences: ['order 4 is EXPIRED by payment none, and 1 of its payments are under way, 0 paid (none)'],
  },
  {
    check: '3.2',
    what: 'an order paid by two payments',
    sql: `INSERT INTO shop_order.payment_attempt (payment_id, order_id, user_id, total_amount, state, lease_until, deadline_at, finished_at)
            OVERRIDING SYSTEM VALUE VALUES (9, 2, 2, 2000, 'PAID', '2026-03-02Z', '2026-03-02Z', '2026-03-02Z')`,
    sentences: ['order 2 is PAID by payment 2, and 0 of its payments are under way, 2 paid (9)'],
  },
  {
    check: '3.2',
    what: 'a payment of an order that does not exist',
    sql: `INSERT INTO shop_order.payment_attempt (payment_id, order_id, user_id, total_amount, state, lease_until, deadline_at, refusal, finished_at)
            OVERRIDING SYSTEM VALUE VALUES (9, 20, 2, 2000, 'REFUSED', '2026-03-02Z', '2026-03-02Z', '{}', '2026-03-02Z')`,
    sentences: ['there are payments of order 20, which does not exist'],
  },
  {
    check: '3.3',
    what: "a payment of another customer than the order's",
    sql: 'UPDATE shop_order.payment_attempt SET user_id = 3 WHERE payment_id = 2',
    sentences: ['payment 2 is of customer 3, 2000 and coupon none; its order 2 is of customer 2, 2000 and coupon none'],
  },
  {
    check: '3.4',
    what: 'a paid order whose stock is only held',
    sql: `UPDATE shop_product.stock_hold SET state = 'HELD', payment_id = NULL WHERE order_id = 1;
          UPDATE shop_product.product_option SET stock = stock + 2, reserved = reserved + 2 WHERE product_option_id = 1`,
    sentences: ['order 1 is PAID by payment 1, and 2 of option 1 are HELD by payment none for it'],
  },
  {
    check: '3.4',
    what: 'a paid order of which one line was never held',
    sql: `DELETE FROM shop_product.stock_hold WHERE order_id = 2 AND product_option_id = 2;
          UPDATE shop_product.product_option SET stock = stock + 2 WHERE product_option_id = 2`,
    sentences: ['order 2 is PAID with 2 of option 2, and nothing is held for it'],
  },
  {
    check: '3.4',
    what: 'a sale of another quantity than ordered',
    sql: `UPDATE shop_product.stock_hold SET quantity = 1 WHERE order_id = 1;
          UPDATE shop_product.product_option SET stock = stock + 1 WHERE product_option_id = 1`,
    sentences: ['order 1 is PAID with 2 of option 1, but 1 of it are CONFIRMED for it'],
  },
  {
    check: '3.4',
    what: 'a sale of something that was not ordered',
    sql: `INSERT INTO shop_product.stock_hold VALUES (1, 2, 1, '2026-03-01 23:40Z', 1, 'CONFIRMED');
          UPDATE shop_product.product_option SET stock = stock - 1 WHERE product_option_id = 2`,
    sentences: ['order 1 is PAID without option 2, but 1 of it are CONFIRMED for it'],
  },
  {
    check: '3.4',
    what: 'a pending order whose stock is sold: a compensation that did not happen',
    sql: `UPDATE shop_product.stock_hold SET state = 'CONFIRMED', payment_id = 3 WHERE order_id = 3;
          UPDATE shop_product.product_option SET stock = stock - 1, reserved = reserved - 1 WHERE product_option_id = 1`,
    sentences: ['order 3 is PENDING by payment none, and 1 of option 1 are CONFIRMED by payment 3 for it'],
  },
  {
    check: '3.4',
    what: 'a pending order in time whose stock was released',
    sql: `UPDATE shop_product.stock_hold SET state = 'RELEASED' WHERE order_id = 3;
          UPDATE shop_product.product_option SET reserved = reserved - 1 WHERE product_option_id = 1`,
    sentences: ['order 3 is PENDING by payment none, and 1 of option 1 are RELEASED by payment none for it'],
  },
  {
    check: '3.4',
    what: 'an expired order whose stock is still held although the product domain has heard of it',
    sql: `UPDATE shop_product.stock_hold SET state = 'HELD' WHERE order_id = 4;
          UPDATE shop_product.product_option SET reserved = 3 WHERE product_option_id = 2`,
    sentences: ['order 4 is EXPIRED by payment none, and 3 of option 2 are HELD by payment none for it'],
  },
  {
    check: '3.4',
    what: 'an order being paid whose stock another payment sold',
    sql: 'UPDATE shop_product.stock_hold SET payment_id = 3 WHERE order_id = 5',
    sentences: ['order 5 is PAYMENT_PROCESSING by payment none, and 1 of option 2 are CONFIRMED by payment 3 for it'],
  },
  {
    check: '3.5',
    what: 'a sale without an order',
    sql: `UPDATE shop_product.stock_hold SET state = 'CONFIRMED', payment_id = 9 WHERE order_id = 8;
          UPDATE shop_product.product_option SET stock = stock - 1, reserved = reserved - 1 WHERE product_option_id = 1`,
    sentences: ['1 of option 1 are CONFIRMED for order 8, which does not exist'],
  },
  {
    check: '3.6',
    what: 'a paid order that nobody was charged for',
    sql: `DELETE FROM shop_user.ledger_entry WHERE id = 7; DELETE FROM shop_user.contra_entry WHERE entry_id = 7;
          UPDATE shop_user.account SET balance = balance + 2000 WHERE id = 2`,
    sentences: ['order 2 of customer 2 is PAID with 2000; its payment 2 charged 0 time(s), 0 in all, customer nobody'],
  },
  {
    check: '3.6',
    what: 'a paid order that was charged twice',
    sql: `INSERT INTO shop_user.ledger_entry (id, user_id, amount, before_amount, after_amount, code, contra_account, payment_id) OVERRIDING SYSTEM VALUE
            VALUES (8, 2, -2000, 6200, 4200, 'PAYMENT', 'sales', 2);
          INSERT INTO shop_user.contra_entry VALUES (8, 'sales', 2000);
          UPDATE shop_user.account SET balance = 4200 WHERE id = 2`,
    sentences: ['order 2 of customer 2 is PAID with 2000; its payment 2 charged 2 time(s), 4000 in all, customer 2'],
  },
  {
    check: '3.6',
    what: 'a paid order whose charge was paid back: a compensation too many',
    sql: `INSERT INTO shop_user.ledger_entry (id, user_id, amount, before_amount, after_amount, code, contra_account, payment_id) OVERRIDING SYSTEM VALUE
            VALUES (8, 2, 2000, 6200, 8200, 'REFUND', 'sales', 2);
          INSERT INTO shop_user.contra_entry VALUES (8, 'sales', -2000);
          UPDATE shop_user.account SET balance = 8200 WHERE id = 2`,
    sentences: ['order 2 of customer 2 is PAID with 2000; its payment 2 charged 1 time(s), 0 in all, customer 2'],
  },
  {
    check: '3.6',
    what: 'a paid order that somebody else was charged for',
    sql: `UPDATE shop_user.ledger_entry SET user_id = 3, before_amount = 4500, after_amount = 2500 WHERE id = 7;
          UPDATE shop_user.account SET balance = CASE id WHEN 2 THEN 8200 ELSE 2500 END WHERE id IN (2, 3)`,
    sentences: ['order 2 of customer 2 is PAID with 2000; its payment 2 charged 1 time(s), 2000 in all, customer 3'],
  },
  {
    check: '3.7',
    what: 'a refused payment that kept the money: a compensation that did not happen',
    sql: `DELETE FROM shop_user.ledger_entry WHERE id = 5; DELETE FROM shop_user.contra_entry WHERE entry_id = 5;
          UPDATE shop_user.ledger_entry SET before_amount = 4000, after_amount = 3500 WHERE id = 6;
          UPDATE shop_user.account SET balance = 3500 WHERE id = 3`,
    sentences: ['payment 3 keeps 1000 of customer 3, but it is REFUSED for 1000 of customer 3, order 3'],
  },
  {
    check: '3.7',
    what: 'a charge of a payment that does not exist',
    sql: `INSERT INTO shop_user.ledger_entry (id, user_id, amount, before_amount, after_amount, code, contra_account, payment_id) OVERRIDING SYSTEM VALUE
            VALUES (8, 2, -200, 6200, 6000, 'PAYMENT', 'sales', 99);
          INSERT INTO shop_user.contra_entry VALUES (8, 'sales', 200);
          UPDATE shop_user.account SET balance = 6000 WHERE id = 2`,
    sentences: ['payment 99 keeps 200 of customer 2, but there is no such payment'],
  },
  {
    check: '3.7',
    what: 'a payment under way that took more than the order costs',
    sql: `UPDATE shop_user.ledger_entry SET amount = -600, after_amount = 4400 WHERE id = 6;
          UPDATE shop_user.contra_entry SET amount = 600 WHERE entry_id = 6;
          UPDATE shop_user.account SET balance = 4400 WHERE id = 3`,
    sentences: ['payment 5 keeps 600 of customer 3, but it is RUNNING for 500 of customer 3, order 5'],
  },
  {
    check: '3.8',
    what: 'a paid order whose coupon was never used up',
    sql: `UPDATE shop_coupon.user_coupon SET state = 'AVAILABLE', order_id = NULL, payment_id = NULL, used_at = NULL WHERE id = 1`,
    sentences: ['order 1 is PAID with coupon 1 and a discount of 200 on 2000, but no coupon was used for it'],
  },
  {
    check: '3.8',
    what: "a discount that is not the coupon's",
    sql: 'UPDATE shop_coupon.coupon SET discount_rate = 15 WHERE id = 1',
    sentences: [
      'order 1 is PAID with coupon 1 and a discount of 200 on 2000, but coupon 1 of 15 % was used for it, by customer 2 and payment 1',
    ],
  },
  {
    check: '3.8',
    what: 'a coupon used for an order that was paid without one',
    sql: `UPDATE shop_coupon.user_coupon SET state = 'USED', order_id = 2, payment_id = 2, used_at = now() WHERE id = 2`,
    sentences: [
      'order 2 is PAID with coupon none and a discount of 0 on 2000, but coupon 1 of 10 % was used for it, by customer 3 and payment 2',
    ],
  },
  {
    check: '3.8',
    what: 'a second coupon used for a paid order',
    sql: `UPDATE shop_coupon.user_coupon SET state = 'USED', order_id = 1, payment_id = 1, used_at = now() WHERE id = 2`,
    sentences: [
      'order 1 is PAID with coupon 1 and a discount of 200 on 2000, but coupon 1 of 10 % was used for it, by customer 3 and payment 1',
    ],
  },
  {
    check: '3.9',
    what: 'a coupon used for an order that is not paid: a compensation that did not happen',
    sql: `UPDATE shop_coupon.user_coupon SET state = 'USED', order_id = 3, payment_id = 3, used_at = now() WHERE id = 2`,
    sentences: ['coupon 1 of customer 3 is used for order 3 by payment 3, but that order is PENDING and that payment REFUSED'],
  },
  {
    check: '3.9',
    what: 'a coupon used for an order that does not exist',
    sql: `UPDATE shop_coupon.user_coupon SET state = 'USED', order_id = 20, payment_id = 20, used_at = now() WHERE id = 2`,
    sentences: ['coupon 1 of customer 3 is used for order 20 by payment 20, but there is no such order'],
  },
  {
    check: '4.1',
    what: 'a coupon issued once too often',
    sql: 'UPDATE shop_coupon.coupon SET quantity = 1 WHERE id = 1',
    sentences: ['coupon 1 was issued 2 times, of a quantity of 1'],
  },
  {
    check: '4.2',
    what: 'a coupon that counts more than customers hold',
    sql: 'UPDATE shop_coupon.coupon SET issued = 3 WHERE id = 1',
    sentences: ['coupon 1 counts 3 issued, but 2 are held'],
  },
  {
    check: '4.2',
    what: 'customers with a coupon that does not exist',
    sql: `INSERT INTO shop_coupon.user_coupon (id, coupon_id, user_id, admission) OVERRIDING SYSTEM VALUE VALUES (9, 20, 2, 1)`,
    sentences: ['1 customers hold coupon 20, which does not exist'],
  },
  {
    check: '4.3',
    what: 'a gap in the admissions',
    sql: 'UPDATE shop_coupon.user_coupon SET admission = 3 WHERE id = 2',
    sentences: ['coupon 1 admitted 2 customers under 2 different numbers from 1 to 3'],
  },
  {
    check: '4.3',
    what: 'an admission twice',
    sql: 'UPDATE shop_coupon.user_coupon SET admission = 1 WHERE id = 2',
    sentences: ['coupon 1 admitted 2 customers under 1 different numbers from 1 to 1'],
  },
  {
    check: '4.4',
    what: 'a customer with two of a kind',
    sql: 'UPDATE shop_coupon.user_coupon SET user_id = 2 WHERE id = 2',
    sentences: ['customer 2 holds 2 of coupon 1'],
  },
  {
    check: '5.1',
    what: 'an event that is gone',
    sql: `DELETE FROM shop_order.event_log WHERE topic = 'order.expired'`,
    sentences: ['order.expired of order, shard 4, should end at position 1, and has 0 event(s) from position none to none'],
  },
  {
    check: '5.2',
    what: 'a subscriber that has skipped ahead',
    sql: `UPDATE shop_product.event_cursor SET position = 3 WHERE topic = 'order.expired' AND shard = 4`,
    sentences: ['product.release-stock has handled 2 more order.expired of order than there are'],
  },
  {
    check: '6.1',
    what: 'a sale that is ranked twice',
    sql: `UPDATE shop_product.daily_sales SET units = 4 WHERE product_id = 2`,
    sentences: ['product 2 is ranked with 4 units on 2026-03-02, but 2 were sold'],
  },
  {
    check: '6.1',
    what: 'a delivered sale that is not ranked',
    sql: `DELETE FROM shop_product.daily_sales WHERE day = '2026-03-01'`,
    sentences: ['product 1 is ranked with 0 units on 2026-03-01, but 2 were sold'],
  },
];

const violationsIn = (report: AuditReport): { check: string; sentences: string[] }[] =>
  report.checks
    .filter(({ violations }) => violations.total > 0)
    .map(({ id, violations }) => ({ check: id, sentences: violations.listed.map(({ sentence }) => sentence) }));

describe('a violation is found by its own check, with ids and numbers', () => {
  test.each(PLANTS)('$check: $what', async ({ check, sql, sentences }) => {
    await books.plant(sql);
    const report = await audit(books.url);
    expect(violationsIn(report)).toEqual([{ check, sentences }]);
    expect(report.clean).toBe(false);
  });

  test('every check has a planted violation', async () => {
    const { checks } = await audit(books.url);
    expect([...new Set(PLANTS.map(({ check }) => check))]).toEqual(checks.map(({ id }) => id));
  });

  test('the same plants are found in a shop at rest', async () => {
    await books.run(SETTLE);
    await books.plant(PLANTS.find(({ check }) => check === '3.4')?.sql ?? '');
    expect(violationsIn(await audit({ url: books.url, settled: true }))).toMatchObject([{ check: '3.4' }]);
  });
});

describe('what is found', () => {
  test('tells ids and amounts to programs, too', async () => {
    await books.plant('UPDATE shop_user.account SET balance = 6201 WHERE id = 2');
    const { checks } = await audit(books.url);
    expect(checks.find(({ id }) => id === '1.3')?.violations.listed).toEqual([
      { sentence: expect.any(String) as string, facts: { userId: 2, balance: 6201, entries: 6200 } },
    ]);
  });

  test('is listed up to a limit and counted to the end', async () => {
    await books.plant(
      `INSERT INTO shop_user.account (id, email, password_hash, role, balance) OVERRIDING SYSTEM VALUE SELECT 100 + n, 'c' || n, '-', 'customer', 1 FROM generate_series(1, 250) n`,
    );
    const { checks, violations } = await audit(books.url);
    expect(violations).toBe(250);
    expect(checks.find(({ id }) => id === '1.3')?.violations.listed).toHaveLength(100);
  });
});
