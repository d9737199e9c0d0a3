import type { Plant } from './plant.js';

export const PAYMENT_PLANTS: readonly Plant[] = [
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
];
