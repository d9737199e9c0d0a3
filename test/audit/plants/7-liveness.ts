import type { Plant } from './plant.js';

const PARKED = (nextAttemptAt: string): string => `
  INSERT INTO shop_product.event_parked (subscriber, topic, source, shard, position, event_id, subject, event, never_gives_up, attempts, failures_total, next_attempt_at)
  VALUES ('product.release-stock', 'order.expired', 'order', 4, 1, '4', '4', '{}', true, 1, 1, ${nextAttemptAt})`;

export const LIVENESS_PLANTS: readonly Plant[] = [
  {
    check: '7.1',
    what: 'a payment that nobody carries out',
    sql: `UPDATE shop_order.payment_attempt SET deadline_at = '2026-03-02 12:00Z' WHERE payment_id = 5`,
    sentences: ['payment 5 of order 5 is RUNNING, and should have been decided by 2026-03-02 12:00:00Z'],
  },
  {
    check: '7.1',
    what: 'a roll-back that has come to a halt',
    sql: `UPDATE shop_order.payment_attempt SET state = 'ROLLING_BACK', deadline_at = '2026-03-02 12:00Z' WHERE payment_id = 5`,
    sentences: ['payment 5 of order 5 is ROLLING_BACK, and should have been decided by 2026-03-02 12:00:00Z'],
  },
  {
    check: '7.2',
    what: 'a compensation that nobody comes to',
    sql: `UPDATE shop_order.event_log SET time = '2026-03-02 12:00Z' WHERE topic = 'order.cancelled'`,
    sentences: ['7 has been waiting for product.release-stock since 2026-03-02 12:00:00Z'],
  },
  {
    check: '7.2',
    what: 'a parked compensation that nobody tries again',
    sql: PARKED(`'2026-03-02 12:00Z'`),
    sentences: ['4 is parked for product.release-stock, and should have been tried again at 2026-03-02 12:00:00Z'],
  },
];
