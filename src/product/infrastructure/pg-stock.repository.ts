import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import { BY_INDEX } from '../../database/by-index.js';
import { type Statement, pgTransaction, sql } from '../../database/database.js';
import type { OrderId, ProductId, ProductOptionId } from '../../kernel/ids.js';
import { money } from '../../kernel/money.js';
import type { Transaction } from '../../kernel/transaction.js';
import type { Confirmation } from '../domain/confirmation.js';
import { type Hold, type ShelfOption, lineName } from '../domain/stock.js';
import { type NewHold, StockRepository } from '../domain/stock.repository.js';

const LOCK_OPTIONS = sql(
  'product.lock-options',
  `SELECT o.product_option_id, o.product_id, p.name AS product_name, o.name AS option_name, p.price, p.on_sale,
          o.stock - o.reserved AS available
   FROM shop_product.product_option o JOIN shop_product.product p USING (product_id)
   WHERE o.product_option_id = ANY ($1::bigint[])
   ORDER BY o.product_option_id FOR UPDATE OF o`,
);

const HOLD = sql(
  'product.hold-stock',
  `WITH deadline AS (
     SELECT date_trunc('milliseconds', now()) + make_interval(mins => $1) AS expires_at
   ), held AS (
     INSERT INTO shop_product.stock_hold (order_id, product_option_id, quantity, state, expires_at)
     SELECT h.order_id, h.product_option_id, h.quantity, 'HELD', deadline.expires_at
     FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS h (order_id, product_option_id, quantity), deadline
     RETURNING product_option_id, quantity
   ), reserved AS (
     UPDATE shop_product.product_option o SET reserved = o.reserved + moved.quantity
     FROM (SELECT product_option_id, sum(quantity) AS quantity FROM held GROUP BY product_option_id) AS moved
     WHERE o.product_option_id = moved.product_option_id
   )
   SELECT expires_at FROM deadline`,
);

// The options of an order never change once it is placed, so they can be looked up before they are locked.
const LOCK_OPTIONS_OF_ORDERS = sql(
  'product.lock-options-of-orders',
  `SELECT product_option_id FROM shop_product.product_option
   WHERE product_option_id IN (SELECT product_option_id FROM shop_product.stock_hold WHERE order_id = ANY ($1::bigint[]))
   ORDER BY product_option_id FOR UPDATE`,
);

const HOLDS_OF_ORDERS = sql(
  'product.holds-of-orders',
  `SELECT order_id, product_option_id, quantity, state, expires_at <= now() AS expired FROM shop_product.stock_hold
   WHERE order_id = ANY ($1::bigint[])
   ORDER BY order_id, product_option_id`,
);

const CONFIRM = sql(
  'product.confirm-holds',
  `WITH confirmed AS (
     UPDATE shop_product.stock_hold h SET state = 'CONFIRMED', payment_id = c.payment_id
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS c (payment_id, order_id, product_option_id, nth)
     WHERE h.order_id = c.order_id AND h.product_option_id = c.product_option_id AND h.state = 'HELD' AND ${BY_INDEX}
     RETURNING h.product_option_id, h.quantity
   )
   UPDATE shop_product.product_option o SET stock = o.stock - moved.quantity, reserved = o.reserved - moved.quantity
   FROM (SELECT product_option_id, sum(quantity) AS quantity FROM confirmed GROUP BY product_option_id) AS moved
   WHERE o.product_option_id = moved.product_option_id`,
);

const TAKE_BACK = sql(
  'product.take-back-holds',
  `WITH taken_back AS (
     UPDATE shop_product.stock_hold h SET state = 'HELD', payment_id = NULL
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS c (payment_id, order_id, product_option_id, nth)
     WHERE h.order_id = c.order_id AND h.product_option_id = c.product_option_id
       AND h.state = 'CONFIRMED' AND h.payment_id = c.payment_id AND ${BY_INDEX}
     RETURNING h.product_option_id, h.quantity
   )
   UPDATE shop_product.product_option o SET stock = o.stock + moved.quantity, reserved = o.reserved + moved.quantity
   FROM (SELECT product_option_id, sum(quantity) AS quantity FROM taken_back GROUP BY product_option_id) AS moved
   WHERE o.product_option_id = moved.product_option_id`,
);

const RELEASE = sql(
  'product.release-holds',
  `WITH released AS (
     UPDATE shop_product.stock_hold SET state = 'RELEASED'
     WHERE order_id = ANY ($1::bigint[]) AND state = 'HELD'
     RETURNING product_option_id, quantity
   )
   UPDATE shop_product.product_option o SET reserved = o.reserved - moved.quantity
   FROM (SELECT product_option_id, sum(quantity) AS quantity FROM released GROUP BY product_option_id) AS moved
   WHERE o.product_option_id = moved.product_option_id
   RETURNING o.product_id`,
);

const ORDERS_OF_EXPIRED_HOLDS = sql(
  'product.orders-of-expired-holds',
  `SELECT order_id FROM shop_product.stock_hold
   WHERE held_until < now() - make_interval(secs => $1)
   ORDER BY held_until, order_id LIMIT $2`,
);

interface OptionRow {
  readonly product_option_id: ProductOptionId;
  readonly product_id: ProductId;
  readonly product_name: string;
  readonly option_name: string;
  readonly price: number;
  readonly on_sale: boolean;
  readonly available: number;
}

interface HoldRow {
  readonly order_id: OrderId;
  readonly product_option_id: ProductOptionId;
  readonly quantity: number;
  readonly state: Hold['state'];
  readonly expired: boolean;
}

/** `product_option` and `stock_hold`; S1 and S2 of {@link StockRepository} are kept here. */
@Injectable()
export class PgStockRepository extends StockRepository {
  constructor(@Inject(CONFIG) private readonly config: Pick<Config, 'holdMinutes'>) {
    super();
  }

  override async lockOptions(tx: Transaction, productOptionIds: readonly ProductOptionId[]): Promise<readonly ShelfOption[]> {
    const rows = await pgTransaction(tx).query<OptionRow>(LOCK_OPTIONS, [productOptionIds]);
    return rows.map((row) => ({
      productOptionId: row.product_option_id,
      productId: row.product_id,
      name: lineName(row.product_name, row.option_name),
      price: money(row.price),
      onSale: row.on_sale,
      available: row.available,
    }));
  }

  override async hold(tx: Transaction, holds: readonly NewHold[]): Promise<Date> {
    const [deadline] = await pgTransaction(tx).query<{ expires_at: Date }>(HOLD, [
      this.config.holdMinutes,
      holds.map(({ orderId }) => orderId),
      holds.map(({ productOptionId }) => productOptionId),
      holds.map(({ quantity }) => quantity),
    ]);
    if (!deadline) throw new Error('a hold without a deadline');
    return deadline.expires_at;
  }

  override async lockHolds(tx: Transaction, orderIds: readonly OrderId[]): Promise<readonly Hold[]> {
    this.lockOptionsOfOrders(tx, orderIds);
    // Read after the lock, by a statement with a snapshot of its own: what the lock waited for is in it.
    const rows = await pgTransaction(tx).query<HoldRow>(HOLDS_OF_ORDERS, [orderIds]);
    return rows.map((row) => ({
      orderId: row.order_id,
      productOptionId: row.product_option_id,
      quantity: row.quantity,
      state: row.state,
      expired: row.expired,
    }));
  }

  override confirm(tx: Transaction, confirmations: readonly Confirmation[]): Promise<void> {
    this.move(tx, CONFIRM, confirmations);
    return Promise.resolve();
  }

  override takeBack(tx: Transaction, confirmations: readonly Confirmation[]): Promise<void> {
    if (confirmations.length === 0) return Promise.resolve();
    this.lockOptionsOfOrders(
      tx,
      confirmations.map(({ orderId }) => orderId),
    );
    this.move(tx, TAKE_BACK, confirmations);
    return Promise.resolve();
  }

  override async release(tx: Transaction, orderIds: readonly OrderId[]): Promise<readonly ProductId[]> {
    this.lockOptionsOfOrders(tx, orderIds);
    const rows = await pgTransaction(tx).query<{ product_id: ProductId }>(RELEASE, [orderIds]);
    return rows.map(({ product_id }) => product_id);
  }

  override async ordersOfExpiredHolds(tx: Transaction, graceSeconds: number, holdsMax: number): Promise<readonly OrderId[]> {
    const rows = await pgTransaction(tx).query<{ order_id: OrderId }>(ORDERS_OF_EXPIRED_HOLDS, [graceSeconds, holdsMax]);
    return [...new Set(rows.map(({ order_id }) => order_id))];
  }

  private lockOptionsOfOrders(tx: Transaction, orderIds: readonly OrderId[]): void {
    pgTransaction(tx).send(LOCK_OPTIONS_OF_ORDERS, [orderIds]);
  }

  private move(tx: Transaction, statement: Statement, confirmations: readonly Confirmation[]): void {
    const holds = confirmations.flatMap(({ paymentId, orderId, lines }) =>
      lines.map(({ productOptionId }) => ({ paymentId, orderId, productOptionId })),
    );
    if (holds.length === 0) return;
    pgTransaction(tx).send(statement, [
      holds.map(({ paymentId }) => paymentId),
      holds.map(({ orderId }) => orderId),
      holds.map(({ productOptionId }) => productOptionId),
    ]);
  }
}
