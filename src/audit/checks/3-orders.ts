import { type Check, NOW } from '../check.js';
import { undeliveredOrders } from '../event-tables.js';

const AMOUNTS_ADD_UP = `
  SELECT order_id AS subject, false AS pending,
         CASE WHEN o.status IS NULL THEN format('there are lines of order %s, which does not exist', order_id)
              WHEN lines.count IS NULL THEN format('order %s has no lines', order_id)
              WHEN lines.wrong > 0 THEN format('order %s has %s line(s) whose subtotal is not price times quantity', order_id, lines.wrong)
              WHEN lines.subtotals <> o.total_amount THEN format('order %s has a total of %s, but its lines sum to %s', order_id, o.total_amount, lines.subtotals)
              ELSE format('order %s is %s with a total of %s, a discount of %s and a final amount of %s', order_id, o.status, o.total_amount,
                          coalesce(o.discount_amount::text, 'nothing'), coalesce(o.final_amount::text, 'nothing'))
         END AS sentence,
         jsonb_build_object('orderId', order_id, 'totalAmount', o.total_amount, 'lines', lines.subtotals,
                            'discountAmount', o.discount_amount, 'finalAmount', o.final_amount) AS facts
  FROM shop_order.orders o
  FULL JOIN (
    SELECT order_id, count(*) AS count, sum(subtotal) AS subtotals, count(*) FILTER (WHERE subtotal <> price::numeric * quantity) AS wrong
    FROM shop_order.order_line GROUP BY order_id
  ) lines USING (order_id)
  WHERE o.status IS NULL OR lines.count IS NULL OR lines.wrong > 0 OR lines.subtotals <> o.total_amount
     OR (o.status = 'PAID') <> (o.final_amount IS NOT NULL)
     OR o.final_amount IS DISTINCT FROM o.total_amount - o.discount_amount`;

// The only place that lists payments under way: the other checks leave them out, or judge only what they may not do either.
const STATUS_FITS_PAYMENTS = `
  SELECT order_id AS subject, fits AS pending,
         CASE WHEN fits THEN format('order %s is being paid by payment %s', order_id, under_way_id)
              WHEN status IS NULL THEN format('there are payments of order %s, which does not exist', order_id)
              ELSE format('order %s is %s by payment %s, and %s of its payments are under way, %s paid (%s)', order_id, status,
                          coalesce(payment_id::text, 'none'), under_way, paid, coalesce(paid_id::text, 'none'))
         END AS sentence,
         jsonb_build_object('orderId', order_id, 'status', status, 'paymentId', coalesce(payment_id, under_way_id),
                            'underWay', under_way, 'paid', paid) AS facts
  FROM (
    SELECT order_id, o.status, o.payment_id, a.under_way_id, a.paid_id, coalesce(a.under_way, 0) AS under_way, coalesce(a.paid, 0) AS paid,
           o.status IS NOT NULL
             AND coalesce(a.under_way, 0) = (o.status = 'PAYMENT_PROCESSING')::int
             AND coalesce(a.paid, 0) = (o.status = 'PAID')::int
             AND a.paid_id IS NOT DISTINCT FROM o.payment_id AS fits
    FROM shop_order.orders o
    FULL JOIN (
      SELECT order_id,
             count(*) FILTER (WHERE state IN ('RUNNING', 'ROLLING_BACK')) AS under_way,
             max(payment_id) FILTER (WHERE state IN ('RUNNING', 'ROLLING_BACK')) AS under_way_id,
             count(*) FILTER (WHERE state = 'PAID') AS paid,
             max(payment_id) FILTER (WHERE state = 'PAID') AS paid_id
      FROM shop_order.payment_attempt GROUP BY order_id
    ) a USING (order_id)
  ) o
  WHERE NOT fits OR status = 'PAYMENT_PROCESSING'`;

const PAYMENTS_ARE_OF_THEIR_ORDERS = `
  SELECT a.payment_id AS subject, false AS pending,
         format('payment %s is of customer %s, %s and coupon %s; its order %s is of customer %s, %s and coupon %s', a.payment_id,
                a.user_id, a.total_amount, coalesce(a.coupon_id::text, 'none'),
                a.order_id, o.user_id, o.total_amount, coalesce(o.coupon_id::text, 'none')) AS sentence,
         jsonb_build_object('paymentId', a.payment_id, 'orderId', a.order_id) AS facts
  FROM shop_order.payment_attempt a JOIN shop_order.orders o USING (order_id)
  WHERE a.user_id <> o.user_id OR a.total_amount <> o.total_amount OR (a.state = 'PAID' AND a.coupon_id IS DISTINCT FROM o.coupon_id)`;

// Pending: an expired or cancelled order whose event has not reached the product domain, and an order past its deadline
// whose holds that domain has ended already (it has its own clock), and which will be EXPIRED, or refused, any moment.
const HOLDS_FIT_LINES_AND_STATUS = `
  SELECT order_id AS subject, verdict = 'PENDING' AS pending,
         CASE WHEN hold_state IS NULL THEN format('order %s is %s with %s of option %s, and nothing is held for it', order_id, status, ordered, product_option_id)
              WHEN ordered IS NULL THEN format('order %s is %s without option %s, but %s of it are %s for it', order_id, status, product_option_id, held, hold_state)
              WHEN ordered <> held THEN format('order %s is %s with %s of option %s, but %s of it are %s for it', order_id, status, ordered, product_option_id, held, hold_state)
              WHEN verdict = 'PENDING' THEN format('order %s is %s, and %s of option %s are still %s for it', order_id, status, held, product_option_id, hold_state)
              ELSE format('order %s is %s by payment %s, and %s of option %s are %s by payment %s for it', order_id, status,
                          coalesce(payment_id::text, 'none'), held, product_option_id, hold_state, coalesce(held_by::text, 'none'))
         END AS sentence,
         jsonb_build_object('orderId', order_id, 'status', status, 'productOptionId', product_option_id, 'ordered', ordered,
                            'held', held, 'state', hold_state, 'paymentId', payment_id, 'confirmedBy', held_by) AS facts
  FROM (
    SELECT order_id, product_option_id, o.status, o.payment_id, line.quantity AS ordered, h.quantity AS held, h.state AS hold_state, h.payment_id AS held_by,
           CASE
             WHEN h.state IS NULL OR line.quantity IS DISTINCT FROM h.quantity THEN 'WRONG'
             WHEN h.state = 'RELEASED' AND o.status IN ('PENDING', 'PAYMENT_PROCESSING') AND h.expires_at <= ${NOW} THEN 'PENDING'
             WHEN h.state = 'HELD' AND o.status IN ('EXPIRED', 'CANCELLED') AND releasing.order_id IS NOT NULL THEN 'PENDING'
             WHEN CASE o.status
                    WHEN 'PENDING' THEN h.state = 'HELD'
                    WHEN 'PAYMENT_PROCESSING' THEN h.state = 'HELD' OR (h.state = 'CONFIRMED' AND under_way.payment_id IS NOT NULL)
                    WHEN 'PAID' THEN h.state = 'CONFIRMED' AND h.payment_id = o.payment_id
                    ELSE h.state = 'RELEASED'
                  END THEN 'RIGHT'
             ELSE 'WRONG'
           END AS verdict
    FROM (SELECT order_id, product_option_id, sum(quantity) AS quantity FROM shop_order.order_line GROUP BY order_id, product_option_id) line
    FULL JOIN shop_product.stock_hold h USING (order_id, product_option_id)
    JOIN shop_order.orders o USING (order_id)
    LEFT JOIN (
      SELECT payment_id, order_id AS being_paid FROM shop_order.payment_attempt WHERE state IN ('RUNNING', 'ROLLING_BACK')
    ) under_way ON under_way.payment_id = h.payment_id AND under_way.being_paid = o.order_id
    LEFT JOIN (${undeliveredOrders(['order.expired', 'order.cancelled'], 'product.release-stock')}) releasing USING (order_id)
  ) judged
  WHERE verdict <> 'RIGHT'`;

const HOLDS_HAVE_ORDERS = `
  SELECT h.order_id AS subject, h.state = 'HELD' AS pending,
         format('%s of option %s are %s for order %s, which does not exist%s', h.quantity, h.product_option_id, h.state, h.order_id,
                CASE h.state WHEN 'HELD' THEN ' (yet); the hold ends by itself' ELSE '' END) AS sentence,
         jsonb_build_object('orderId', h.order_id, 'productOptionId', h.product_option_id, 'quantity', h.quantity,
                            'state', h.state, 'paymentId', h.payment_id) AS facts
  FROM shop_product.stock_hold h
  WHERE h.state <> 'RELEASED' AND NOT EXISTS (SELECT FROM shop_order.orders o WHERE o.order_id = h.order_id)`;

export const ORDER_CHECKS: readonly Check[] = [
  { id: '3.1', title: 'the amounts of each order add up', examines: 'orders', reads: ['order'], findings: AMOUNTS_ADD_UP },
  { id: '3.2', title: 'each order is what its payments made of it', examines: 'orders', reads: ['order'], findings: STATUS_FITS_PAYMENTS },
  {
    id: '3.3',
    title: "each payment is of its order's customer, total and coupon",
    examines: 'payments',
    reads: ['order'],
    findings: PAYMENTS_ARE_OF_THEIR_ORDERS,
  },
  {
    id: '3.4',
    title: 'paid: all lines sold; unpaid: held; ended: released',
    examines: 'orderLines',
    reads: ['order', 'product'],
    findings: HOLDS_FIT_LINES_AND_STATUS,
  },
  { id: '3.5', title: 'nothing is sold without an order', examines: 'holds', reads: ['order', 'product'], findings: HOLDS_HAVE_ORDERS },
];
