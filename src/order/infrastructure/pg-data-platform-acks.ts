import { Injectable } from '@nestjs/common';
import { DomainDatabase, sql } from '../../database/database.js';
import type { OrderId } from '../../kernel/ids.js';
import { DataPlatformAcks, type PaidOrderAck } from '../application/data-platform-acks.port.js';
import type { PaidOrderEvent, Period } from '../application/data-platform.port.js';
import { OrderProcessed } from '../application/events/order-processed.event.js';

// An event is of one order, so no pair needs to be kept together; and arrays go by the primary key even while the table is small.
const ACKNOWLEDGED = sql(
  'order.acknowledged-events',
  `SELECT event_id FROM shop_order.data_platform_ack
   WHERE order_id = ANY ($2::bigint[]) AND event_id = ANY ($3::text[]) AND adapter = $1`,
);

// In order of their key, so that two who record the same never wait for each other in a circle.
const RECORD = sql(
  'order.record-acks',
  `INSERT INTO shop_order.data_platform_ack (order_id, event_id, adapter)
   SELECT order_id, event_id, $1 FROM unnest($2::bigint[], $3::text[]) AS e (order_id, event_id) ORDER BY order_id, event_id
   ON CONFLICT DO NOTHING`,
);

// MATERIALIZED, or the smallest id is looked for from the shop's first order on.
const IDS_PAID_IN = sql(
  'order.ids-paid-in',
  `WITH paid AS MATERIALIZED (SELECT order_id FROM shop_order.orders WHERE paid_at >= $1 AND paid_at < $2)
   SELECT min(order_id) AS first, max(order_id) AS last FROM paid`,
);

const PAID_IN = sql(
  'order.paid-in',
  `SELECT o.order_id AS "orderId", $5 || o.order_id AS "eventId", o.paid_at AS "paidAt", a.order_id IS NOT NULL AS acknowledged
   FROM shop_order.orders o
   LEFT JOIN shop_order.data_platform_ack a ON a.order_id = o.order_id AND a.event_id = $5 || o.order_id AND a.adapter = $6
   WHERE o.order_id > $1 AND o.order_id <= $2 AND o.paid_at >= $3 AND o.paid_at < $4
   ORDER BY o.order_id LIMIT $7`,
);

const EVENTS_OF = sql(
  'order.processed-data-of',
  `SELECT o.paid_at, json_build_object(
            'orderId', o.order_id, 'paymentId', o.payment_id, 'userId', o.user_id, 'items', lines.items, 'totalAmount', o.total_amount,
            'discountAmount', o.discount_amount, 'finalAmount', o.final_amount, 'currency', o.currency, 'couponId', o.coupon_id) AS data
   FROM shop_order.orders o
   CROSS JOIN LATERAL (
     SELECT json_agg(json_build_object('productOptionId', l.product_option_id, 'productId', l.product_id, 'name', l.name,
                                       'price', l.price, 'quantity', l.quantity, 'subtotal', l.subtotal) ORDER BY l.line) AS items
     FROM shop_order.order_line l WHERE l.order_id = o.order_id
   ) AS lines
   WHERE o.order_id = ANY ($1::bigint[]) AND o.paid_at IS NOT NULL
   ORDER BY o.order_id`,
);

const EVENT_ID_BEFORE_ORDER = `${OrderProcessed.type}:`;

@Injectable()
export class PgDataPlatformAcks extends DataPlatformAcks {
  constructor(private readonly database: DomainDatabase) {
    super();
  }

  override async unacknowledged(adapter: string, events: readonly PaidOrderEvent[]): Promise<readonly PaidOrderEvent[]> {
    const rows = await this.database.query<{ event_id: string }>(ACKNOWLEDGED, [adapter, ...keysOf(events)]);
    const acknowledged = new Set(rows.map(({ event_id }) => event_id));
    return events.filter(({ id }) => !acknowledged.has(id));
  }

  override async record(adapter: string, events: readonly PaidOrderEvent[]): Promise<void> {
    if (events.length > 0) await this.database.query(RECORD, [adapter, ...keysOf(events)]);
  }

  override async idsPaidIn({ from, to }: Period): Promise<{ first: OrderId; last: OrderId } | null> {
    const [ids] = await this.database.query<{ first: OrderId | null; last: OrderId | null }>(IDS_PAID_IN, [from, to]);
    return ids?.first && ids.last ? { first: ids.first, last: ids.last } : null;
  }

  override paidIn(
    { from, to }: Period,
    { adapter, after, last, ordersMax }: Parameters<DataPlatformAcks['paidIn']>[1],
  ): Promise<readonly PaidOrderAck[]> {
    return this.database.query<PaidOrderAck>(PAID_IN, [after, last, from, to, EVENT_ID_BEFORE_ORDER, adapter, ordersMax]);
  }

  override async eventsOf(orderIds: readonly OrderId[]): Promise<readonly PaidOrderEvent[]> {
    const rows = await this.database.query<{ paid_at: Date; data: Omit<PaidOrderEvent['data'], 'paidAt'> }>(EVENTS_OF, [orderIds]);
    return rows.map(({ paid_at, data }) => OrderProcessed.seal({ ...data, paidAt: paid_at.toISOString() }, 'order', paid_at));
  }
}

const keysOf = (events: readonly PaidOrderEvent[]): [orderIds: number[], eventIds: string[]] => [
  events.map(({ data }) => data.orderId),
  events.map(({ id }) => id),
];
