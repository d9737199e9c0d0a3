import type { Plant } from './plant.js';

/** Order 5 is paid, ranked, and counts as handed over. */
const paid = (at: string): string => `
  UPDATE shop_order.orders SET status = 'PAID', paid_at = '${at}', payment_id = 5, discount_amount = 0, final_amount = 500 WHERE order_id = 5;
  UPDATE shop_order.payment_attempt SET state = 'PAID', finished_at = '2026-03-02 01:00Z' WHERE payment_id = 5;
  INSERT INTO shop_product.daily_sales (day, product_id, units, last_sold_at) VALUES ('${at.slice(0, 10)}', 2, 1, '${at}')
  ON CONFLICT (day, product_id) DO UPDATE SET units = shop_product.daily_sales.units + 1`;

const acknowledged = (adapter: string, ...orderIds: readonly number[]): string => `
  INSERT INTO shop_order.data_platform_ack (order_id, event_id, adapter)
  SELECT order_id, 'order.processed:' || order_id, '${adapter}' FROM unnest(ARRAY[${orderIds.join()}]) AS e (order_id)`;

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
    what: 'a paid order that the data platform has not acknowledged',
    sql: paid('2026-03-02 01:00Z'),
    sentences: ['order 5 was paid and counts as handed over, but the data platform has not acknowledged it'],
  },
  {
    check: '6.2',
    what: 'an acknowledgement that is gone, of an order whose line is there',
    sql: 'DELETE FROM shop_order.data_platform_ack WHERE order_id = 2',
    sentences: ['order 2 was paid and counts as handed over, but the data platform has not acknowledged it'],
  },
  {
    check: '6.2',
    what: 'acknowledged orders that are not paid',
    sql: acknowledged('http', 4, 77),
    sentences: [
      'the data platform has acknowledged that order 4 is paid, but it is EXPIRED',
      'the data platform has acknowledged that order 77 is paid, but it does not exist',
    ],
  },
  {
    check: '6.3',
    what: 'a line for the data platform that is gone',
    sql: `${paid('2026-03-02 01:00Z')};${acknowledged('file', 5)}`,
    sentences: ['order 5 was paid on 2026-03-02 and written for the data platform, but no line tells of it'],
  },
  {
    check: '6.3',
    what: 'a file of the data platform that is gone',
    sql: `${paid('2026-03-03 01:00Z')};${acknowledged('file', 5)}`,
    sentences: ['1 order(s) of 2026-03-03 were written for the data platform, but there is no file of that day'],
  },
  {
    check: '6.3',
    what: 'lines that tell of orders which are not paid',
    sql: '',
    delivered: ['2026-03-02', 4, 77],
    sentences: [
      'the data platform was told that order 4 is paid, but it is EXPIRED',
      'the data platform was told that order 77 is paid, but it does not exist',
    ],
  },
];
