/**
 * A query of `order_id`: orders with a durable event of these topics that the product domain's subscriber has not handled yet,
 * because its cursor is not there, or because it is parked. Reads only the events behind its cursors, however long the log is.
 */
export const undeliveredOrders = (topics: readonly string[], subscriber: `product.${string}`): string => `
  SELECT DISTINCT event.subject::bigint AS order_id
  FROM shop_order.event_log_head head
  LEFT JOIN shop_product.event_cursor cursor
    ON cursor.subscriber = '${subscriber}' AND cursor.source = 'order' AND cursor.topic = head.topic AND cursor.shard = head.shard
  JOIN shop_order.event_log event
    ON event.topic = head.topic AND event.shard = head.shard AND event.position > coalesce(cursor.position, 0)
  WHERE head.topic IN (${listOf(topics)})
  UNION
  SELECT subject::bigint FROM shop_product.event_parked
  WHERE subscriber = '${subscriber}' AND source = 'order' AND topic IN (${listOf(topics)})`;

const listOf = (topics: readonly string[]): string => topics.map((topic) => `'${topic}'`).join(', ');
