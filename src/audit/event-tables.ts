/** The events that take something back, and the reports of it: somebody waits until they are handled. */
export const COMPENSATING = [
  'order.processing.fail',
  'order.payment.fail',
  'order.processing.fail.done',
  'order.payment.fail.done',
  'order.expired',
  'order.cancelled',
];

/** The tables of messaging, which stand in every domain's schema, as one. Each is a query to select from. */
const unionOf = (domains: readonly string[], query: (domain: string) => string): string => domains.map(query).join(' UNION ALL ');

/** (source, topic, shard, last): the last position of each shard. */
export const heads = (domains: readonly string[]): string =>
  unionOf(domains, (domain) => `SELECT '${domain}' AS source, topic, shard, next_position - 1 AS last FROM shop_${domain}.event_log_head`);

/** (source, topic, shard, floor): the first position that the log still keeps; older events went with their partition. */
export const floors = (domains: readonly string[]): string =>
  unionOf(domains, (domain) => `SELECT '${domain}' AS source, topic, shard, first_position AS floor FROM shop_${domain}.event_log_floor`);

/** (source, topic, shard, position, event_id, time). */
export const logs = (domains: readonly string[]): string =>
  unionOf(domains, (domain) => `SELECT '${domain}' AS source, topic, shard, position, event_id, time FROM shop_${domain}.event_log`);

export const cursors = (domains: readonly string[]): string =>
  unionOf(domains, (domain) => `SELECT subscriber, topic, source, shard, position FROM shop_${domain}.event_cursor`);

export const parked = (domains: readonly string[]): string =>
  unionOf(
    domains,
    (domain) =>
      `SELECT subscriber, topic, source, shard, position, event_id, subject, state, never_gives_up, next_attempt_at, parked_at FROM shop_${domain}.event_parked`,
  );

/**
 * A query of `order_id`: orders with a durable event of these topics that a subscriber has not handled yet, because its
 * cursor is not there, or because it is parked. Reads only the events behind its cursors, however long the log is.
 */
export const undeliveredOrders = (topics: readonly string[], subscriber: string): string => `
  SELECT DISTINCT event.subject::bigint AS order_id
  FROM shop_order.event_log_head head
  LEFT JOIN ${schemaOf(subscriber)}.event_cursor cursor
    ON cursor.subscriber = '${subscriber}' AND cursor.source = 'order' AND cursor.topic = head.topic AND cursor.shard = head.shard
  JOIN shop_order.event_log event
    ON event.topic = head.topic AND event.shard = head.shard AND event.position > coalesce(cursor.position, 0)
  WHERE head.topic IN (${listOf(topics)})
  UNION
  SELECT subject::bigint FROM ${schemaOf(subscriber)}.event_parked
  WHERE subscriber = '${subscriber}' AND source = 'order' AND topic IN (${listOf(topics)})`;

/** The same, and orders whose event an operator has discarded: nobody expects its effect any more. */
export const unhandledOrders = (topic: string, subscriber: string): string => `
  ${undeliveredOrders([topic], subscriber)}
  UNION
  SELECT (event ->> 'subject')::bigint FROM ${schemaOf(subscriber)}.dead_letter_action
  WHERE subscriber = '${subscriber}' AND action = 'DISCARD' AND event ->> 'type' = '${topic}'`;

export const listOf = (topics: readonly string[]): string => topics.map((topic) => `'${topic}'`).join(', ');

const schemaOf = (subscriber: string): string => `shop_${subscriber.split('.')[0]}`;
