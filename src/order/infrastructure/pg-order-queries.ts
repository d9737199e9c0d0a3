import { Injectable } from '@nestjs/common';
import { DomainDatabase, sql } from '../../database/database.js';
import type { CouponId, OrderId, PaymentId, ProductId, ProductOptionId, UserId } from '../../kernel/ids.js';
import {
  type OrderDetail,
  OrderQueries,
  type OrdersOfUser,
  type PaymentDetail,
  type PaymentsQuery,
} from '../application/order-queries.port.js';
import { type OrderStatus, TRANSITIONS } from '../domain/order.js';

interface OrderRow {
  readonly order_id: OrderId;
  readonly user_id: UserId;
  readonly status: OrderStatus;
  readonly total_amount: number;
  readonly discount_amount: number | null;
  readonly final_amount: number | null;
  readonly currency: string;
  readonly coupon_id: CouponId | null;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly paid_at: Date | null;
  readonly items: readonly {
    productOptionId: ProductOptionId;
    productId: ProductId;
    name: string;
    price: number;
    quantity: number;
    subtotal: number;
  }[];
}

interface PaymentRow {
  readonly payment_id: PaymentId;
  readonly order_id: OrderId;
  readonly user_id: UserId;
  readonly state: 'RUNNING' | 'ROLLING_BACK' | 'REFUSED' | 'PAID';
  readonly steps: PaymentDetail['steps'];
  readonly refusal: { readonly code: string; readonly message: string } | null;
  readonly created_at: Date;
  readonly finished_at: Date | null;
}

const ORDER_COLUMNS = `
  o.order_id, o.user_id, o.status, o.total_amount, o.discount_amount, o.final_amount, o.currency, o.coupon_id, o.created_at, o.expires_at, o.paid_at,
  (SELECT json_agg(json_build_object('productOptionId', l.product_option_id, 'productId', l.product_id, 'name', l.name,
                                     'price', l.price, 'quantity', l.quantity, 'subtotal', l.subtotal) ORDER BY l.line)
   FROM shop_order.order_line l WHERE l.order_id = o.order_id) AS items`;

const ORDER = sql('order.detail', `SELECT ${ORDER_COLUMNS} FROM shop_order.orders o WHERE o.order_id = $1`);

// Of each status the newest, and of those the newest: one index serves lists of one status and of all.
const ORDERS_OF_USER = sql(
  'order.list-of-user',
  `SELECT ${ORDER_COLUMNS}
   FROM (
     SELECT newest.order_id
     FROM unnest($4::text[]) AS wanted (status) CROSS JOIN LATERAL (
       SELECT order_id FROM shop_order.orders
       WHERE user_id = $1 AND status = wanted.status AND order_id < $2 ORDER BY order_id DESC LIMIT $3
     ) AS newest
     ORDER BY newest.order_id DESC LIMIT $3
   ) AS page
   JOIN shop_order.orders o USING (order_id)
   ORDER BY o.order_id DESC`,
);

const PAYMENT_COLUMNS = `payment_id, order_id, user_id, state, steps, refusal, created_at, finished_at`;

const PAYMENTS = sql(
  'order.list-payments',
  `SELECT ${PAYMENT_COLUMNS} FROM shop_order.payment_attempt WHERE payment_id < $1 ORDER BY payment_id DESC LIMIT $2`,
);

const PAYMENTS_UNDER_WAY = sql(
  'order.list-payments-under-way',
  `SELECT ${PAYMENT_COLUMNS} FROM shop_order.payment_attempt
   WHERE finished_at IS NULL AND payment_id < $1 ORDER BY payment_id DESC LIMIT $2`,
);

const LATEST_PAYMENT = sql(
  'order.latest-payment',
  `SELECT ${PAYMENT_COLUMNS}
   FROM shop_order.payment_attempt WHERE order_id = $1 ORDER BY payment_id DESC LIMIT 1`,
);

/** The lists and details as clients see them, straight from the rows. */
@Injectable()
export class PgOrderQueries extends OrderQueries {
  constructor(private readonly database: DomainDatabase) {
    super();
  }

  override async order(orderId: OrderId): Promise<OrderDetail | null> {
    const [row] = await this.database.query<OrderRow>(ORDER, [orderId]);
    return row ? detailOf(row) : null;
  }

  override async ordersOf({ userId, status, before, limit }: OrdersOfUser): Promise<readonly OrderDetail[]> {
    const statuses = status ? [status] : Object.keys(TRANSITIONS);
    const rows = await this.database.query<OrderRow>(ORDERS_OF_USER, [userId, before ?? Number.MAX_SAFE_INTEGER, limit, statuses]);
    return rows.map(detailOf);
  }

  override async latestPayment(orderId: OrderId): Promise<PaymentDetail | null> {
    const [row] = await this.database.query<PaymentRow>(LATEST_PAYMENT, [orderId]);
    return row ? paymentOf(row) : null;
  }

  override async payments({ underWay, before, limit }: PaymentsQuery): Promise<readonly PaymentDetail[]> {
    const statement = underWay ? PAYMENTS_UNDER_WAY : PAYMENTS;
    const rows = await this.database.query<PaymentRow>(statement, [before ?? Number.MAX_SAFE_INTEGER, limit]);
    return rows.map(paymentOf);
  }
}

const paymentOf = (row: PaymentRow): PaymentDetail => ({
  paymentId: row.payment_id,
  orderId: row.order_id,
  userId: row.user_id,
  status: row.state,
  steps: row.steps,
  errorCode: row.refusal?.code ?? null,
  errorMessage: row.refusal?.message ?? null,
  startedAt: row.created_at.toISOString(),
  finishedAt: row.finished_at?.toISOString() ?? null,
});

const detailOf = (row: OrderRow): OrderDetail => ({
  orderId: row.order_id,
  userId: row.user_id,
  status: row.status,
  items: row.items,
  totalAmount: row.total_amount,
  discountAmount: row.discount_amount,
  finalAmount: row.final_amount,
  currency: row.currency,
  couponId: row.coupon_id,
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
  paidAt: row.paid_at?.toISOString() ?? null,
});
