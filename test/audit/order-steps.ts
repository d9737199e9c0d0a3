/** A transaction of one domain. */
export interface Step {
  readonly domain: string;
  readonly sql: string;
}

const logged = (topic: string, order: number, shard: number): string => `
  WITH head AS (
    UPDATE shop_order.event_log_head SET next_position = next_position + 1 WHERE topic = '${topic}' AND shard = ${shard} RETURNING next_position - 1 AS position
  )
  INSERT INTO shop_order.event_log (topic, shard, position, event_id, subject, dataschema, time, data)
  SELECT '${topic}', ${shard}, position, '${order}', '${order}', '${topic}.v1', now(), '{}' FROM head`;

/** For a subscriber that has come to the end before, and a writer that has the shard for itself. */
const advanced = (topic: string, shard: number): string =>
  `UPDATE shop_product.event_cursor SET position = position + 1 WHERE topic = '${topic}' AND shard = ${shard}`;

const placed = (order: number): readonly Step[] => [
  {
    domain: 'product',
    sql: `INSERT INTO shop_product.stock_receipt (product_option_id, quantity, operator_id) VALUES (2, 1, 1);
          UPDATE shop_product.product_option SET stock = stock + 1 WHERE product_option_id = 2`,
  },
  {
    domain: 'product',
    sql: `UPDATE shop_product.product_option SET reserved = reserved + 1 WHERE product_option_id = 2;
          INSERT INTO shop_product.stock_hold (order_id, product_option_id, quantity, expires_at, payment_id, state) VALUES (${order}, 2, 1, '2999-01-01Z', NULL, 'HELD')`,
  },
  {
    domain: 'order',
    sql: `INSERT INTO shop_order.orders (order_id, user_id, status, total_amount, currency, expires_at) VALUES (${order}, 2, 'PENDING', 1, 'KRW', '2999-01-01Z');
          INSERT INTO shop_order.order_line (order_id, line, product_option_id, product_id, name, price, quantity, subtotal) VALUES (${order}, 1, 2, 2, 'Cup, white', 1, 1, 1)`,
  },
];

/** An order of one cup from nothing to paid, told and ranked, as the shop does it. */
export const paidOrder = (order: number, shard: number): readonly Step[] => [
  ...placed(order),
  {
    domain: 'order',
    sql: `UPDATE shop_order.orders SET status = 'PAYMENT_PROCESSING' WHERE order_id = ${order};
          INSERT INTO shop_order.payment_attempt (payment_id, order_id, user_id, total_amount, lease_until, deadline_at)
            OVERRIDING SYSTEM VALUE VALUES (${order}, ${order}, 2, 1, '2999-01-01Z', '2999-01-01Z')`,
  },
  {
    domain: 'product',
    sql: `UPDATE shop_product.product_option SET stock = stock - 1, reserved = reserved - 1 WHERE product_option_id = 2;
          UPDATE shop_product.stock_hold SET state = 'CONFIRMED', payment_id = ${order} WHERE order_id = ${order}`,
  },
  {
    domain: 'user',
    sql: `WITH charged AS (UPDATE shop_user.account SET balance = balance - 1 WHERE id = 2 RETURNING balance)
          INSERT INTO shop_user.ledger_entry (user_id, amount, before_amount, after_amount, code, contra_account, payment_id)
          SELECT 2, -1, balance + 1, balance, 'PAYMENT', 'sales', ${order} FROM charged`,
  },
  {
    domain: 'order',
    sql: `UPDATE shop_order.orders SET status = 'PAID', payment_id = ${order}, paid_at = '2026-03-05Z', discount_amount = 0, final_amount = 1 WHERE order_id = ${order};
          UPDATE shop_order.payment_attempt SET state = 'PAID', finished_at = now() WHERE payment_id = ${order};
          ${logged('order.processed', order, shard)}`,
  },
  {
    domain: 'product',
    sql: `INSERT INTO shop_product.daily_sales AS ranked (day, product_id, units, last_sold_at) VALUES ('2026-03-05', 2, 1, now())
            ON CONFLICT (day, product_id) DO UPDATE SET units = ranked.units + 1;
          ${advanced('order.processed', shard)}`,
  },
];

/** An order of one cup that is cancelled, and whose stock is released. */
export const cancelledOrder = (order: number, shard: number): readonly Step[] => [
  ...placed(order),
  {
    domain: 'order',
    sql: `UPDATE shop_order.orders SET status = 'CANCELLED' WHERE order_id = ${order}; ${logged('order.cancelled', order, shard)}`,
  },
  {
    domain: 'product',
    sql: `UPDATE shop_product.product_option SET reserved = reserved - 1 WHERE product_option_id = 2;
          UPDATE shop_product.stock_hold SET state = 'RELEASED' WHERE order_id = ${order};
          ${advanced('order.cancelled', shard)}`,
  },
];
