import type { Plant } from './plant.js';

export const SIDE_EFFECT_PLANTS: readonly Plant[] = [
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
  {
    check: '6.2',
    what: 'a paid order that the data platform was not told of',
    // As if the line had been lost that order 5 was paid by.
    sql: `UPDATE shop_order.orders SET status = 'PAID', paid_at = '2026-03-02 01:00Z', payment_id = 5, discount_amount = 0, final_amount = 500 WHERE order_id = 5;
          UPDATE shop_order.payment_attempt SET state = 'PAID', finished_at = '2026-03-02 01:00Z' WHERE payment_id = 5;
          UPDATE shop_product.daily_sales SET units = units + 1 WHERE product_id = 2`,
    sentences: ['order 5 was paid on 2026-03-02 and handed over to the data platform, but no line tells of it'],
  },
  {
    check: '6.2',
    what: 'a file of the data platform that is gone',
    sql: `UPDATE shop_order.orders SET paid_at = '2026-03-03 01:00Z' WHERE order_id = 5;
          UPDATE shop_order.orders SET status = 'PAID', paid_at = '2026-03-03 01:00Z', payment_id = 5, discount_amount = 0, final_amount = 500 WHERE order_id = 5;
          UPDATE shop_order.payment_attempt SET state = 'PAID', finished_at = '2026-03-02 01:00Z' WHERE payment_id = 5;
          INSERT INTO shop_product.daily_sales (day, product_id, units, last_sold_at) VALUES ('2026-03-03', 2, 1, '2026-03-03Z')`,
    sentences: ['1 order(s) of 2026-03-03 were handed over to the data platform, but there is no file of that day'],
  },
  {
    check: '6.2',
    what: 'orders that the data platform believes paid',
    sql: '',
    delivered: ['2026-03-02', 4, 77],
    sentences: [
      'the data platform was told that order 4 is paid, but it is EXPIRED',
      'the data platform was told that order 77 is paid, but it does not exist',
    ],
  },
];
