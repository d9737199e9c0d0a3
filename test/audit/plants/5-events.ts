import type { Plant } from './plant.js';

const PARKED = `INSERT INTO shop_product.event_parked (subscriber, topic, source, shard, position, event_id, subject, event, never_gives_up, attempts, failures_total)
   VALUES ('product.release-stock', 'order.expired', 'order', 4, 1, '4', '4', '{}', true, 1, 1)`;

export const EVENT_PLANTS: readonly Plant[] = [
  {
    check: '5.1',
    what: 'an event that is gone',
    sql: `DELETE FROM shop_order.event_log WHERE topic = 'order.expired'`,
    sentences: ['order.expired of order, shard 4, should run from position 1 to 1, and has 0 event(s) from position none to none'],
  },
  {
    check: '5.2',
    what: 'a subscriber that has skipped ahead',
    sql: `UPDATE shop_product.event_cursor SET position = 3 WHERE topic = 'order.expired' AND shard = 4`,
    sentences: ['product.release-stock has handled 2 more order.expired of order than there are'],
  },
  {
    check: '5.2',
    what: 'a parked event that its subscriber has still to come to',
    sql: `UPDATE shop_product.event_cursor SET position = 0 WHERE topic = 'order.expired' AND shard = 4; ${PARKED}`,
    sentences: ['product.release-stock has 4 parked, and has still to come to it in the log of order'],
  },
  {
    check: '5.2',
    what: 'a parked event that nobody published',
    sql: PARKED.replace("'4', '4'", "'5', '4'"),
    sentences: ['product.release-stock has 5 parked, which the log of order does not have'],
  },
  {
    check: '5.3',
    what: 'a cursor that is gone',
    sql: `DELETE FROM shop_product.event_cursor WHERE topic = 'order.cancelled' AND shard IN (3, 9)`,
    sentences: ['product.release-stock has no cursor in shard 3, 9 of order.cancelled of order'],
  },
];
