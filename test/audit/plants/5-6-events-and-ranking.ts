import type { Plant } from './plant.js';

export const EVENT_PLANTS: readonly Plant[] = [
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
