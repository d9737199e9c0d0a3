import { sql } from '../../database/database.js';
import { type Check, bounded } from '../check.js';
import { undeliveredOrders } from '../undelivered.js';

// Orders whose order.processed has not reached the ranking are not expected in it; 5.2 tells how many wait.
const RANKING_IS_WHAT_WAS_SOLD = sql(
  'audit.6.1',
  bounded(`
    SELECT product_id AS subject, false AS pending,
           format('product %s is ranked with %s units on %s, but %s were sold', product_id, coalesce(ranked.units, 0), day, coalesce(sold.units, 0)) AS sentence,
           jsonb_build_object('productId', product_id, 'day', day, 'ranked', coalesce(ranked.units, 0), 'sold', coalesce(sold.units, 0)) AS facts
    FROM (
      SELECT (o.paid_at AT TIME ZONE 'UTC')::date AS day, line.product_id, sum(line.quantity) AS units
      FROM shop_order.orders o
      JOIN shop_order.order_line line USING (order_id)
      LEFT JOIN (${undeliveredOrders(['order.processed'], 'product.rank-sales')}) waiting USING (order_id)
      WHERE o.status = 'PAID' AND waiting.order_id IS NULL
      GROUP BY day, line.product_id
    ) sold
    FULL JOIN shop_product.daily_sales ranked USING (day, product_id)
    WHERE coalesce(ranked.units, 0) <> coalesce(sold.units, 0)`),
);

export const RANKING_CHECKS: readonly Check[] = [
  { id: '6.1', title: 'the ranking counts what paid orders sold', examines: 'paidOrders', statement: RANKING_IS_WHAT_WAS_SOLD },
];
