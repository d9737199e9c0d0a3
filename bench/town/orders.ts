import type pg from 'pg';
import { randomFrom } from '../load/schedule.js';
import type { Customer } from './customers.js';

export interface UnpaidOrder {
  readonly orderId: number;
  /** Index of its customer. */
  readonly customer: number;
  readonly couponId: number | null;
}

// What placing them one by one leaves in the tables: PENDING, one piece each, held until tomorrow.
const PLACE_ORDERS = `
  WITH wanted AS MATERIALIZED (
    SELECT nextval('shop_order.order_id') AS order_id, w.user_id, o.product_option_id, o.product_id, p.name, p.price, w.ordinal
    FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS w (user_id, product_option_id, ordinal)
    JOIN shop_product.product_option o USING (product_option_id) JOIN shop_product.product p USING (product_id)
  ), placed AS (
    INSERT INTO shop_order.orders (order_id, user_id, status, total_amount, currency, expires_at)
    SELECT order_id, user_id, 'PENDING', price, 'KRW', now() + interval '1 day' FROM wanted ORDER BY order_id
  ), lines AS (
    INSERT INTO shop_order.order_line (order_id, line, product_option_id, product_id, name, price, quantity, subtotal)
    SELECT order_id, 1, product_option_id, product_id, name, price, 1, price FROM wanted ORDER BY order_id
  ), holds AS (
    INSERT INTO shop_product.stock_hold (order_id, product_option_id, quantity, state, expires_at)
    SELECT order_id, product_option_id, 1, 'HELD', now() + interval '1 day' FROM wanted ORDER BY order_id
  ), journal AS (
    INSERT INTO shop_product.saga_step (step, saga_id, state) SELECT 'reserve-stock', order_id, 'DONE' FROM wanted ORDER BY order_id
  ), reserved AS (
    UPDATE shop_product.product_option o SET reserved = o.reserved + w.pieces
    FROM (SELECT product_option_id, count(*) AS pieces FROM wanted GROUP BY product_option_id) AS w
    WHERE o.product_option_id = w.product_option_id
  )
  SELECT order_id AS "orderId" FROM wanted ORDER BY ordinal`;

/** As many kinds as the customer with the most orders needs: one holds at most one of a kind. */
const ISSUE_COUPONS = `
  WITH kinds AS (
    INSERT INTO shop_coupon.coupon (name, discount_rate, quantity, issued, starts_at, expires_at)
    SELECT 'half price', 50, cardinality($2::bigint[]), cardinality($2::bigint[]), now(), now() + interval '1 day'
    FROM generate_series(1, $1::int)
    RETURNING id
  ), issued AS (
    INSERT INTO shop_coupon.user_coupon (coupon_id, user_id, admission)
    SELECT kinds.id, customer.user_id, customer.admission
    FROM kinds, unnest($2::bigint[]) WITH ORDINALITY AS customer (user_id, admission)
  )
  SELECT id FROM kinds ORDER BY id`;

export interface OrdersWanted {
  readonly customers: readonly Customer[];
  readonly optionIds: readonly number[];
  readonly count: number;
  /** Every second order is paid with a coupon of 50%. */
  readonly coupons: boolean;
  readonly seed: number;
}

/** Unpaid orders of random customers for random options, all at once in the tables. */
export async function placeOrders(database: pg.Client, wanted: OrdersWanted): Promise<UnpaidOrder[]> {
  const random = randomFrom(wanted.seed);
  const pick = (from: number): number => Math.floor(random() * from);
  const customers = Array.from({ length: wanted.count }, () => pick(wanted.customers.length));
  const { rows } = await database.query<{ orderId: string }>(PLACE_ORDERS, [
    customers.map((customer) => wanted.customers[customer]?.userId),
    customers.map(() => wanted.optionIds[pick(wanted.optionIds.length)]),
  ]);
  const couponIds = wanted.coupons ? await couponsFor(database, wanted.customers, customers) : [];
  return customers.map((customer, index) => ({ customer, orderId: Number(rows[index]?.orderId), couponId: couponIds[index] ?? null }));
}

async function couponsFor(database: pg.Client, everybody: readonly Customer[], customers: readonly number[]): Promise<(number | null)[]> {
  const had = new Map<number, number>();
  const kinds = customers.map((customer, index) => {
    if (index % 2 === 1) return null;
    const kind = had.get(customer) ?? 0;
    had.set(customer, kind + 1);
    return kind;
  });
  const { rows } = await database.query<{ id: string }>(ISSUE_COUPONS, [Math.max(...had.values()), everybody.map(({ userId }) => userId)]);
  return kinds.map((kind) => (kind === null ? null : Number(rows[kind]?.id)));
}
