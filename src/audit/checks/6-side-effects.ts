import type { Check } from '../check.js';
import { unhandledOrders } from '../event-tables.js';

// Orders whose order.processed has not reached the ranking, or was discarded by an operator, are not expected in it; 5.2 tells how many wait.
const RANKING_IS_WHAT_WAS_SOLD = `
  SELECT product_id AS subject, false AS pending,
         format('product %s is ranked with %s units on %s, but %s were sold', product_id, coalesce(ranked.units, 0), day, coalesce(sold.units, 0)) AS sentence,
         jsonb_build_object('productId', product_id, 'day', day, 'ranked', coalesce(ranked.units, 0), 'sold', coalesce(sold.units, 0)) AS facts
  FROM (
    SELECT (o.paid_at AT TIME ZONE 'UTC')::date AS day, line.product_id, sum(line.quantity) AS units
    FROM shop_order.orders o
    JOIN shop_order.order_line line USING (order_id)
    LEFT JOIN (${unhandledOrders('order.processed', 'product.rank-sales')}) waiting USING (order_id)
    WHERE o.status = 'PAID' AND waiting.order_id IS NULL
    GROUP BY day, line.product_id
  ) sold
  FULL JOIN shop_product.daily_sales ranked USING (day, product_id)
  WHERE coalesce(ranked.units, 0) <> coalesce(sold.units, 0)`;

const EVENT_ID = `'order.processed:' || order_id`;

// Whichever data platform it was: after a change of the settings the past is where it was.
const ACKNOWLEDGED_IS_WHAT_WAS_PAID = `
  SELECT order_id AS subject, false AS pending,
         format('order %s was paid and counts as handed over, but the data platform has not acknowledged it', order_id) AS sentence,
         jsonb_build_object('orderId', order_id) AS facts
  FROM shop_order.orders o
  LEFT JOIN (${unhandledOrders('order.processed', 'order.data-platform')}) waiting USING (order_id)
  WHERE o.status = 'PAID' AND waiting.order_id IS NULL
    AND NOT EXISTS (SELECT FROM shop_order.data_platform_ack ack WHERE ack.order_id = o.order_id AND ack.event_id = 'order.processed:' || o.order_id)
  UNION ALL
  SELECT order_id, false,
         format('the data platform has acknowledged that order %s is paid, but it %s', order_id, coalesce('is ' || o.status, 'does not exist')),
         jsonb_build_object('orderId', order_id, 'status', o.status)
  FROM (SELECT DISTINCT order_id FROM shop_order.data_platform_ack WHERE event_id = ${EVENT_ID}) acknowledged
  LEFT JOIN shop_order.orders o USING (order_id)
  WHERE o.status IS DISTINCT FROM 'PAID'`;

const FILES_TELL_OF_NO_OTHERS = `
  SELECT order_id AS subject, false AS pending,
         format('the data platform was told that order %s is paid, but it %s', order_id, coalesce('is ' || o.status, 'does not exist')) AS sentence,
         jsonb_build_object('orderId', order_id, 'status', o.status) AS facts
  FROM (SELECT DISTINCT order_id FROM pg_temp.delivered_line WHERE before_snapshot) told
  LEFT JOIN shop_order.orders o USING (order_id)
  WHERE o.status IS DISTINCT FROM 'PAID'`;

// A file that is gone as a whole is one finding, not one per order.
const FILES_TELL_OF_ALL = `
  WITH missing AS (
    SELECT order_id, (paid_at AT TIME ZONE 'UTC')::date AS day
    FROM shop_order.orders o
    JOIN (SELECT order_id FROM shop_order.data_platform_ack WHERE adapter = 'file' AND event_id = ${EVENT_ID}) written USING (order_id)
    LEFT JOIN (SELECT DISTINCT order_id, true AS told FROM pg_temp.delivered_line) line USING (order_id)
    WHERE o.status = 'PAID' AND line.told IS NULL
  )
  SELECT order_id AS subject, false AS pending,
         format('order %s was paid on %s and written for the data platform, but no line tells of it', order_id, day) AS sentence,
         jsonb_build_object('orderId', order_id, 'day', day) AS facts
  FROM missing WHERE day IN (SELECT day FROM pg_temp.delivered_file)
  UNION ALL
  SELECT min(order_id), false, format('%s order(s) of %s were written for the data platform, but there is no file of that day', count(*), day),
         jsonb_build_object('day', day, 'orders', count(*))
  FROM missing WHERE day NOT IN (SELECT day FROM pg_temp.delivered_file)
  GROUP BY day`;

/** Which of the data platform's files could be read: where several processes write, a folder has those of some. */
export type FilesRead = 'all' | 'some' | 'none';

const FILES: Readonly<Record<FilesRead, string | null>> = {
  all: `${FILES_TELL_OF_ALL} UNION ALL ${FILES_TELL_OF_NO_OTHERS}`,
  some: FILES_TELL_OF_NO_OTHERS,
  none: null,
};

export const sideEffectChecks = (files: FilesRead): readonly Check[] => [
  {
    id: '6.1',
    title: 'the ranking counts what paid orders sold',
    examines: 'paidOrders',
    reads: ['order', 'product'],
    findings: RANKING_IS_WHAT_WAS_SOLD,
  },
  {
    id: '6.2',
    title: 'the data platform has acknowledged the paid orders, and no others',
    examines: 'acknowledgements',
    reads: ['order'],
    findings: ACKNOWLEDGED_IS_WHAT_WAS_PAID,
  },
  {
    id: '6.3',
    title: 'its files tell of what was acknowledged, and of no others',
    examines: 'deliveredLines',
    reads: ['order'],
    findings: FILES[files],
  },
];
