import { BALANCE_LEFT, rowsOf } from './rows-of.js';

const STOCK_LEFT = 1_000_000;
const OPTIONS = 'growth.size, generate_series(1, options) AS option_id';
const PRODUCTS = 'growth.size, generate_series(1, (options + 1) / 2) AS product_id';
const SOLD = '(SELECT option_id, sum(quantity) AS quantity FROM growth.sold GROUP BY option_id) sold';

const PRODUCT_ROWS = [
  rowsOf(
    'shop_product.product',
    'product_id, price, revision, created_at, name, category, description',
    `SELECT product_id, growth.price_of(2 * product_id), 1, until - interval '400 days', 'Product ' || product_id, 'category ' || product_id % 50,
            'A generated product.'
     FROM ${PRODUCTS}`,
  ),
  rowsOf(
    'shop_product.product_option',
    'product_option_id, product_id, stock, created_at, name',
    `SELECT option_id, growth.product_of(option_id), ${STOCK_LEFT}, until - interval '400 days', 'option ' || option_id FROM ${OPTIONS}`,
  ),
  rowsOf('shop_product.published_availability', 'product_option_id, available', `SELECT option_id, ${STOCK_LEFT} FROM ${OPTIONS}`),
  rowsOf(
    'shop_product.stock_receipt',
    'product_option_id, quantity, operator_id, created_at, note',
    `SELECT option_id, ${STOCK_LEFT} + coalesce(quantity, 0), 1, until - interval '400 days', 'initial stock'
     FROM ${OPTIONS} LEFT JOIN ${SOLD} USING (option_id) ORDER BY option_id`,
  ),
  rowsOf(
    'shop_product.stock_hold',
    'order_id, product_option_id, quantity, expires_at, payment_id, state',
    `SELECT order_id, option_id, quantity, expires_at, CASE status WHEN 'PAID' THEN order_id END,
            CASE status WHEN 'PAID' THEN 'CONFIRMED' ELSE 'RELEASED' END
     FROM growth.placed_line`,
  ),
  rowsOf(
    'shop_product.daily_sales',
    'day, product_id, units, last_sold_at',
    `SELECT day, growth.product_of(option_id) AS product_id, sum(quantity), max(last_sold_at) FROM growth.sold
     GROUP BY day, product_id ORDER BY day, product_id`,
  ),
  rowsOf('shop_product.sales_day', 'day', 'SELECT DISTINCT day FROM growth.sold ORDER BY day'),
  rowsOf(
    'shop_product.saga_step',
    'step, saga_id, state, record',
    `SELECT 'reserve-stock', order_id, 'DONE',
            format('{"items": %s, "expiresAt": "%s"}', growth.items(first_option_id, quantity, second_option_id), growth.iso(expires_at))
     FROM growth.placed
     UNION ALL
     SELECT 'confirm-stock', order_id, 'DONE',
            format('{"lines": [{"quantity": %s, "productOptionId": %s}%s], "orderId": %s, "paymentId": %s}', quantity, first_option_id,
                   CASE WHEN second_option_id IS NULL THEN '' ELSE format(', {"quantity": 1, "productOptionId": %s}', second_option_id) END,
                   order_id, order_id)
     FROM growth.placed WHERE status = 'PAID'`,
  ),
];

const USER_ROWS = [
  // Everybody has money left, and nobody has a password.
  rowsOf(
    'shop_user.account',
    'id, email, password_hash, role, balance, version, created_at',
    `SELECT 1, 'generated-operator@example.com', '-', 'operator', 0, 0, until - interval '400 days' FROM growth.size
     UNION ALL
     SELECT number, 'generated-' || number || '@example.com', '-', 'customer', ${BALANCE_LEFT}, 1 + coalesce(payments, 0), until - interval '400 days'
     FROM growth.size CROSS JOIN generate_series(2, users + 1) AS number
     LEFT JOIN (SELECT user_id, count(*) AS payments FROM growth.placed WHERE status = 'PAID' GROUP BY user_id) paid ON user_id = number
     ORDER BY 1`,
  ),
  // Charged once with all that will be spent, before the first order; a payment's entry follows those of all charges.
  rowsOf(
    'shop_user.ledger_entry',
    'id, user_id, amount, before_amount, after_amount, code, contra_account, payment_id, actor_id, note, created_at',
    `SELECT number, number, ${BALANCE_LEFT} + coalesce(spent, 0), 0, ${BALANCE_LEFT} + coalesce(spent, 0), 'CHARGE', 'external-funds', NULL, 1, NULL, until - interval '399 days'
     FROM growth.size CROSS JOIN generate_series(2, users + 1) AS number
     LEFT JOIN (SELECT user_id, sum(final_amount) AS spent FROM growth.placed WHERE status = 'PAID' GROUP BY user_id) paid ON user_id = number
     UNION ALL
     (SELECT users + 1 + order_id, user_id, -final_amount, still + final_amount, still, 'PAYMENT', 'sales', order_id, NULL, 'order ' || order_id, ended_at
      FROM growth.size CROSS JOIN (
        SELECT order_id, user_id, final_amount, ended_at,
               ${BALANCE_LEFT} + sum(final_amount) OVER (PARTITION BY user_id ORDER BY order_id DESC) - final_amount AS still
        FROM growth.placed WHERE status = 'PAID'
      ) payment ORDER BY order_id)`,
  ),
  rowsOf('shop_user.contra_entry', 'entry_id, account, amount', 'SELECT id, contra_account, -amount FROM shop_user.ledger_entry'),
  rowsOf(
    'shop_user.saga_step',
    'step, saga_id, state, record',
    `SELECT 'user.deduct-balance', order_id, 'DONE', '{"remainingBalance": ${BALANCE_LEFT}}' FROM growth.placed WHERE status = 'PAID'`,
  ),
  rowsOf(
    'shop_user.refresh_session',
    'id, user_id, created_at, last_used_at, expires_at',
    `SELECT number, number, until, until, until + interval '30 days' FROM growth.size, generate_series(2, users + 1, 10) AS number`,
  ),
  rowsOf(
    'shop_user.refresh_token',
    'token_hash, session_id',
    `SELECT sha256(number::text::bytea), number FROM growth.size, generate_series(2, users + 1, 10) AS number`,
  ),
];

const COUPON_ROWS = [
  // The coupon of the greatest number is a welcome that every tenth customer has not used yet.
  rowsOf(
    'shop_coupon.coupon',
    'id, name, discount_rate, quantity, issued, starts_at, expires_at, created_at',
    `SELECT coupon_id, 'Coupon ' || coupon_id, 10, count(*) + 100, count(*), until - interval '400 days', until + interval '400 days', until - interval '400 days'
     FROM (SELECT coupon_id FROM growth.coupon_used UNION ALL SELECT coupon_id FROM growth.welcomed) issued CROSS JOIN growth.size
     GROUP BY coupon_id, until ORDER BY coupon_id`,
  ),
  rowsOf(
    'shop_coupon.user_coupon',
    'id, coupon_id, user_id, admission, state, order_id, payment_id, used_at, issued_at',
    `SELECT row_number() OVER (ORDER BY order_id), coupon_id, user_id, row_number() OVER (PARTITION BY coupon_id ORDER BY order_id),
            'USED', order_id, order_id, ended_at, created_at
     FROM growth.coupon_used JOIN growth.placed USING (order_id, user_id, coupon_id)
     UNION ALL
     SELECT (SELECT count(*) FROM growth.coupon_used) + row_number() OVER (ORDER BY user_id), coupon_id, user_id, row_number() OVER (ORDER BY user_id),
            'AVAILABLE', NULL, NULL, NULL, until
     FROM growth.welcomed, growth.size`,
  ),
  rowsOf(
    'shop_coupon.saga_step',
    'step, saga_id, state, record',
    `SELECT 'coupon.use-coupon', order_id, 'DONE', format('{"discountAmount": %s}', discount_amount) FROM growth.placed WHERE coupon_id IS NOT NULL`,
  ),
];

const CART_ROWS = [
  rowsOf(
    'shop_cart.product',
    'product_id, revision, price, on_sale, name',
    `SELECT product_id, 1, growth.price_of(2 * product_id), true, 'Product ' || product_id FROM ${PRODUCTS}`,
  ),
  rowsOf(
    'shop_cart.product_option',
    'product_option_id, product_id, available, name',
    `SELECT option_id, growth.product_of(option_id), ${STOCK_LEFT}, 'option ' || option_id FROM ${OPTIONS}`,
  ),
  rowsOf(
    'shop_cart.cart',
    'user_id, lines',
    'SELECT user_id, least(3, options) FROM growth.size, generate_series(2, users + 1, 10) AS user_id',
  ),
  rowsOf(
    'shop_cart.cart_item',
    'user_id, product_option_id, quantity',
    `SELECT user_id, 1 + (user_id * 31 + item) % options, 1
     FROM growth.size, generate_series(2, users + 1, 10) AS user_id, generate_series(1, least(3, options)) AS item ORDER BY user_id`,
  ),
];

/** What the other domains and the platform have. A table comes after those that it refers to. */
export const OTHER_ROWS = [
  ...PRODUCT_ROWS,
  ...USER_ROWS,
  ...COUPON_ROWS,
  ...CART_ROWS,
  rowsOf(
    'shop_notification.receipt',
    'order_id, user_id, contents, issued_at',
    `SELECT order_id, user_id,
            format('{"items": %s, "paidAt": "%s", "userId": %s, "orderId": %s, "currency": "KRW", "paymentId": %s, "finalAmount": %s, "totalAmount": %s, "discountAmount": %s}',
                   growth.items(first_option_id, quantity, second_option_id), growth.iso(ended_at), user_id, order_id, order_id,
                   final_amount, total_amount, discount_amount),
            ended_at
     FROM growth.placed WHERE status = 'PAID'`,
  ),
  // The purge has left those of the last day.
  rowsOf(
    'shop_http.idempotency_key',
    'user_id, route, key, fingerprint, claim, claimed_until, status, content_type, body, created_at',
    `SELECT user_id, 'POST /api/orders', 'order-' || order_id, sha256(order_id::text::bytea), gen_random_uuid(), created_at, 201,
            'application/json; charset=utf-8', format('{"orderId":%s,"status":"PENDING"}', order_id), created_at
     FROM growth.placed, growth.size WHERE created_at > until - interval '23 hours'`,
  ),
];
