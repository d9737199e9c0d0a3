import { type Check, NOW } from '../check.js';
import { COMPENSATING, cursors, heads, listOf, logs, parked } from '../event-tables.js';

/** The longest pause between two tries is a minute, and a try may take half of one; so may a restart. */
const GRACE = `interval '2 minutes'`;

const instant = (time: string): string => `to_char(${time} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"')`;

// Pending: a compensation of this order fails, and is tried again. Whether that is still so, 7.2 looks after.
const paymentsAreDecided = (domains: readonly string[]): string => `
  SELECT order_id AS subject, failing.order_id IS NOT NULL AS pending,
         format('payment %s of order %s is %s, and should have been decided by %s', payment_id, order_id, a.state, ${instant('a.deadline_at')}) AS sentence,
         jsonb_build_object('orderId', order_id, 'paymentId', payment_id, 'state', a.state, 'deadline', ${instant('a.deadline_at')}) AS facts
  FROM shop_order.payment_attempt a
  LEFT JOIN (
    SELECT DISTINCT subject::bigint AS order_id FROM (${parked(domains)}) parked WHERE topic IN (${listOf(COMPENSATING)})
  ) failing USING (order_id)
  WHERE a.state IN ('RUNNING', 'ROLLING_BACK') AND a.deadline_at + ${GRACE} < ${NOW}`;

// The first event that a subscriber has not come to, and the first parked one of each subject, which alone is tried again.
const compensationsGoOn = (domains: readonly string[]): string => `
  SELECT shard AS subject, false AS pending, format('%s has been waiting for %s since %s', event_id, subscriber, ${instant('time')}) AS sentence,
         jsonb_build_object('subscriber', subscriber, 'source', source, 'event', event_id, 'since', ${instant('time')}) AS facts
  FROM (${cursors(domains)}) AS cursor (subscriber, topic, source, shard, reached)
  JOIN (${heads(domains)}) head USING (source, topic, shard)
  JOIN (${logs(domains)}) log USING (source, topic, shard)
  WHERE topic IN (${listOf(COMPENSATING)}) AND head.last > reached AND log.position = reached + 1 AND log.time + ${GRACE} < ${NOW}
  UNION ALL
  SELECT shard, false, format('%s is parked for %s, and should have been tried again at %s', event_id, subscriber, ${instant('due_at')}),
         jsonb_build_object('subscriber', subscriber, 'source', source, 'event', event_id, 'since', ${instant('due_at')})
  FROM (
    SELECT DISTINCT ON (subscriber, topic, source, subject) *, coalesce(next_attempt_at, parked_at) AS due_at
    FROM (${parked(domains)}) parked
    ORDER BY subscriber, topic, source, subject, position
  ) next_of_subject
  WHERE never_gives_up AND due_at + ${GRACE} < ${NOW}`;

/** @param domains those with an event log. */
export const livenessChecks = (domains: readonly string[]): readonly Check[] => [
  {
    id: '7.1',
    title: 'no payment is under way past its deadline',
    examines: 'payments',
    reads: domains,
    findings: paymentsAreDecided(domains),
  },
  {
    id: '7.2',
    title: 'no compensation waits past its deadline',
    examines: 'events',
    reads: domains,
    findings: compensationsGoOn(domains),
  },
];
