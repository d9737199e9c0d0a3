import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import { DomainDatabase, pgTransaction } from '../../database/database.js';
import type { CouponId, OrderId, PaymentId, ProductId, ProductOptionId, UserId } from '../../kernel/ids.js';
import { money } from '../../kernel/money.js';
import type { Refusal } from '../../kernel/result.js';
import type { Transaction } from '../../kernel/transaction.js';
import type { LockedOrder, OrderStatus, PaymentRequest, PlacedOrder } from '../domain/order.js';
import {
  type FinishedPayment,
  type InsertedOrder,
  type KeyedOrderRequest,
  OrderRepository,
  type PaidOrder,
  type PaymentProgress,
  type StepsOfPayment,
} from '../domain/order.repository.js';
import type { PaymentAttempt, PaymentState, Rollback } from '../domain/payment-attempt.js';
import * as statements from './order-statements.js';

interface InsertedRow {
  readonly order_id: OrderId;
  readonly created_at: Date;
  readonly currency: string;
}

interface AttemptRow {
  readonly payment_id: PaymentId;
  readonly order_id: OrderId;
  readonly user_id: UserId;
  readonly coupon_id: CouponId | null;
  readonly total_amount: number;
}

interface PaidRow {
  readonly order_id: OrderId;
  readonly payment_id: PaymentId;
  readonly coupon_id: CouponId | null;
  readonly total_amount: number;
  readonly discount_amount: number;
  readonly final_amount: number;
  readonly remaining_balance: number;
  readonly currency: string;
  readonly paid_at: Date;
  readonly lines: readonly {
    productOptionId: ProductOptionId;
    productId: ProductId;
    name: string;
    price: number;
    quantity: number;
    subtotal: number;
  }[];
}

@Injectable()
export class PgOrderRepository extends OrderRepository {
  constructor(
    private readonly database: DomainDatabase,
    @Inject(CONFIG) private readonly config: Pick<Config, 'currency'>,
  ) {
    super();
  }

  override async nextOrderIds(count: number): Promise<readonly OrderId[]> {
    const rows = await this.database.query<{ id: OrderId }>(statements.NEXT_ORDER_IDS, [count]);
    return rows.map(({ id }) => id);
  }

  override async orderIdsOf(requests: readonly KeyedOrderRequest[]): Promise<readonly OrderId[]> {
    const rows = await this.database.query<{ user_id: UserId; idempotency_key: string; order_id: OrderId }>(
      statements.ORDER_IDS_OF_REQUESTS,
      [
        requests.map(({ userId }) => userId),
        requests.map(({ idempotencyKey }) => idempotencyKey),
        requests.map(({ proposed }) => proposed),
      ],
    );
    const known = new Map(rows.map((row) => [`${row.user_id} ${row.idempotency_key}`, row.order_id]));
    return requests.map(({ userId, idempotencyKey, proposed }) => known.get(`${userId} ${idempotencyKey}`) ?? proposed);
  }

  override insert(tx: Transaction, orders: readonly PlacedOrder[]): Promise<readonly InsertedOrder[]> {
    const lines = orders.flatMap((order) => order.lines.map((line, index) => ({ ...line, orderId: order.id, number: index + 1 })));
    const values = [
      orders.map(({ id }) => id),
      orders.map(({ userId }) => userId),
      orders.map(({ totalAmount }) => totalAmount),
      this.config.currency.code,
      orders.map(({ expiresAt }) => expiresAt),
      lines.map(({ orderId }) => orderId),
      lines.map(({ number }) => number),
      lines.map(({ productOptionId }) => productOptionId),
      lines.map(({ productId }) => productId),
      lines.map(({ name }) => name),
      lines.map(({ price }) => price),
      lines.map(({ quantity }) => quantity),
      lines.map(({ subtotal }) => subtotal),
    ];
    return pgTransaction(tx).sendFor(statements.INSERT_ORDERS, values, (rows: readonly InsertedRow[]) =>
      rows.map((row) => ({ id: row.order_id, createdAt: row.created_at, currency: row.currency })),
    );
  }

  override async lock(tx: Transaction, orderIds: readonly OrderId[]): Promise<ReadonlyMap<OrderId, LockedOrder>> {
    const rows = await pgTransaction(tx).query<{
      order_id: OrderId;
      user_id: UserId;
      status: OrderStatus;
      total_amount: number;
      past_deadline: boolean;
    }>(statements.LOCK_ORDERS, [orderIds]);
    return new Map(
      rows.map((row) => [
        row.order_id,
        {
          id: row.order_id,
          userId: row.user_id,
          status: row.status,
          totalAmount: money(row.total_amount),
          pastDeadline: row.past_deadline,
        },
      ]),
    );
  }

  override async setStatus(tx: Transaction, orderIds: readonly OrderId[], status: 'CANCELLED'): Promise<void> {
    await pgTransaction(tx).query(statements.SET_STATUS, [orderIds, status]);
  }

  override async expire(tx: Transaction, rowsMax: number): Promise<readonly Pick<LockedOrder, 'id' | 'userId'>[]> {
    const rows = await pgTransaction(tx).query<{ order_id: OrderId; user_id: UserId }>(statements.EXPIRE_ORDERS, [rowsMax]);
    return rows.map((row) => ({ id: row.order_id, userId: row.user_id }));
  }

  override beginPayments(tx: Transaction, requests: readonly PaymentRequest[]): Promise<readonly PaymentAttempt[]> {
    const values = [requests.map(({ orderId }) => orderId), requests.map(({ couponId }) => couponId)];
    return pgTransaction(tx).sendFor(statements.BEGIN_PAYMENTS, values, (rows: readonly AttemptRow[]) => rows.map(attemptOf));
  }

  override async finishPayments(tx: Transaction, payments: readonly FinishedPayment[]): Promise<readonly PaidOrder[]> {
    const paymentIds = payments.map(({ attempt }) => attempt.id);
    const transaction = pgTransaction(tx);
    transaction.send(statements.LOCK_ORDERS, [payments.map(({ attempt }) => attempt.orderId)]);
    const finishing = transaction.query<{ payment_id: PaymentId }>(statements.FINISH_PAYMENTS, [
      paymentIds,
      payments.map(({ discountAmount }) => discountAmount),
      payments.map(({ finalAmount }) => finalAmount),
      payments.map(({ remainingBalance }) => remainingBalance),
      payments.map(({ steps }) => JSON.stringify(steps)),
    ]);
    const [finished, paid] = await Promise.all([finishing, transaction.query<PaidRow>(statements.PAID_ORDERS, [paymentIds])]);
    const now = new Set(finished.map(({ payment_id }) => payment_id));
    return paid.filter(({ payment_id }) => now.has(payment_id)).map(paidOrderOf);
  }

  override async paidOrder(paymentId: PaymentId): Promise<PaidOrder | null> {
    const [row] = await this.database.query<PaidRow>(statements.PAID_ORDERS, [[paymentId]]);
    return row ? paidOrderOf(row) : null;
  }

  override async lockRollbacks(
    tx: Transaction,
    payments: readonly { paymentId: PaymentId; orderId: OrderId }[],
  ): Promise<readonly Rollback[]> {
    const transaction = pgTransaction(tx);
    transaction.send(statements.LOCK_ORDERS, [payments.map(({ orderId }) => orderId)]);
    const rows = await transaction.query<{
      payment_id: PaymentId;
      order_id: OrderId;
      state: PaymentState;
      refusal: Refusal | null;
      compensations_awaited: string[];
      compensations_reported: string[];
    }>(statements.LOCK_ATTEMPTS, [payments.map(({ paymentId }) => paymentId)]);
    return rows.map((row) => ({
      paymentId: row.payment_id,
      orderId: row.order_id,
      state: row.state,
      refusal: row.refusal,
      awaited: row.compensations_awaited,
      reported: row.compensations_reported,
    }));
  }

  override saveRollbacks(tx: Transaction, rollbacks: readonly Rollback[]): Promise<void> {
    pgTransaction(tx).send(statements.SAVE_ROLLBACKS, [
      rollbacks.map(({ paymentId }) => paymentId),
      rollbacks.map(({ state }) => state),
      rollbacks.map(({ refusal }) => (refusal ? JSON.stringify(refusal) : null)),
      rollbacks.map(({ awaited }) => JSON.stringify(awaited)),
      rollbacks.map(({ reported }) => JSON.stringify(reported)),
      rollbacks.filter(({ state }) => state === 'REFUSED').map(({ paymentId }) => paymentId),
    ]);
    return Promise.resolve();
  }

  override async appendSteps(records: readonly StepsOfPayment[]): Promise<void> {
    // One statement writes a row once: what two runners of one payment report is put together.
    const byPayment = [...Map.groupBy(records, ({ paymentId }) => paymentId)];
    await this.database.query(statements.APPEND_STEPS, [
      byPayment.map(([paymentId]) => paymentId),
      byPayment.map(([, reported]) => JSON.stringify(reported.flatMap(({ steps }) => steps))),
    ]);
  }

  override async progressOf(paymentIds: readonly PaymentId[]): Promise<ReadonlyMap<PaymentId, PaymentProgress>> {
    const rows = await this.database.query<PaymentProgress & { payment_id: PaymentId }>(statements.PROGRESS, [paymentIds]);
    return new Map(rows.map(({ payment_id, state, refusal }) => [payment_id, { state, refusal }]));
  }

  override async endLeases(): Promise<void> {
    await this.database.query(statements.END_LEASES);
  }

  override async takeOver(rowsMax: number): Promise<readonly (PaymentAttempt & { overdue: boolean })[]> {
    const rows = await this.database.query<AttemptRow & { overdue: boolean }>(statements.TAKE_OVER, [rowsMax]);
    return rows.map((row) => ({ ...attemptOf(row), overdue: row.overdue }));
  }
}

const attemptOf = (row: AttemptRow): PaymentAttempt => ({
  id: row.payment_id,
  orderId: row.order_id,
  userId: row.user_id,
  couponId: row.coupon_id,
  totalAmount: money(row.total_amount),
});

const paidOrderOf = (row: PaidRow): PaidOrder => ({
  orderId: row.order_id,
  paymentId: row.payment_id,
  couponId: row.coupon_id,
  totalAmount: money(row.total_amount),
  discountAmount: money(row.discount_amount),
  finalAmount: money(row.final_amount),
  remainingBalance: money(row.remaining_balance),
  currency: row.currency,
  paidAt: row.paid_at,
  lines: row.lines.map((line) => ({ ...line, price: money(line.price), subtotal: money(line.subtotal) })),
});
