import { BALANCE_LEFT, rowsOf } from './rows-of.js';

const STEP = `format('{"event": "%s", "outcome": "DONE", "listener": "%s", "startedAt": "%s", "finishedAt": "%s"}'`;

/** What the order domain has of the placed orders. A table comes after those that it refers to. */
export const ORDER_ROWS = [
  rowsOf(
    'shop_order.orders',
    'order_id, user_id, status, total_amount, discount_amount, final_amount, currency, coupon_id, payment_id, created_at, expires_at, paid_at',
    `SELECT order_id, user_id, status, total_amount, CASE status WHEN 'PAID' THEN discount_amount END, CASE status WHEN 'PAID' THEN final_amount END, 'KRW',
            coupon_id, CASE status WHEN 'PAID' THEN order_id END, created_at, expires_at, CASE status WHEN 'PAID' THEN ended_at END
     FROM growth.placed`,
  ),
  rowsOf(
    'shop_order.order_line',
    'order_id, line, product_option_id, product_id, name, price, quantity, subtotal',
    `SELECT order_id, line, option_id, growth.product_of(option_id), growth.name_of(option_id), growth.price_of(option_id), quantity,
            quantity * growth.price_of(option_id)
     FROM growth.placed_line`,
  ),
  rowsOf(
    'shop_order.order_request',
    'user_id, idempotency_key, order_id, created_at',
    `SELECT user_id, 'order-' || order_id, order_id, created_at FROM growth.placed`,
  ),
  // Paid at the first try: the payment has the number of its order.
  rowsOf(
    'shop_order.payment_attempt',
    'payment_id, order_id, user_id, coupon_id, total_amount, state, lease_until, deadline_at, steps, remaining_balance, created_at, finished_at',
    `SELECT order_id, order_id, user_id, coupon_id, total_amount, 'PAID', ended_at + interval '10 seconds', ended_at + interval '60 seconds',
            '[' || ${STEP}, 'order.processing', 'product.confirm-stock', at, at)
                || CASE WHEN coupon_id IS NULL THEN '' ELSE ', ' || ${STEP}, 'order.processing', 'coupon.use-coupon', at, at) END
                || ', ' || ${STEP}, 'order.payment', 'user.deduct-balance', at, at) || ']',
            ${BALANCE_LEFT}, ended_at, ended_at
     FROM growth.placed, growth.iso(ended_at) AS at WHERE status = 'PAID'`,
  ),
  rowsOf(
    'shop_order.data_platform_ack',
    'order_id, event_id, adapter, acknowledged_at',
    `SELECT order_id, 'order.processed:' || order_id, 'http', ended_at FROM growth.placed WHERE status = 'PAID'`,
  ),
  rowsOf(
    'shop_order.event_log_0',
    'epoch, topic, shard, position, event_id, subject, dataschema, time, data',
    `SELECT 0, topic, shard, position, topic || ':' || order_id, order_id, topic || '/v1', ended_at,
            CASE topic WHEN 'order.processed' THEN
              format('{"items": %s, "paidAt": "%s", "userId": %s, "orderId": %s, "couponId": %s, "currency": "KRW", "paymentId": %s, "finalAmount": %s, "totalAmount": %s, "discountAmount": %s}',
                     growth.items(first_option_id, quantity, second_option_id), growth.iso(ended_at), user_id, order_id,
                     coalesce(coupon_id::text, 'null'), order_id, final_amount, total_amount, discount_amount)
            ELSE format('{"at": "%s", "userId": %s, "orderId": %s}', growth.iso(ended_at), user_id, order_id) END
     FROM growth.ended JOIN growth.placed USING (order_id, ended_at) WHERE kept ORDER BY order_id`,
  ),
];
