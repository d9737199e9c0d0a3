import type { Plant } from './plant.js';

export const ORDER_PLANTS: readonly Plant[] = [
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
            VALUES (9, 4, 3, 1500, 'ROLLING_BACK', '2999-01-01Z', '2999-01-01Z')`,
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
    sql: `INSERT INTO shop_product.stock_hold (order_id, product_option_id, quantity, expires_at, payment_id, state) VALUES (1, 2, 1, '2026-03-01 23:40Z', 1, 'CONFIRMED');
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
];
