import type { OrderId, PaymentId } from '../../../src/kernel/ids.js';
import type { Transaction } from '../../../src/kernel/transaction.js';
import type { LockedOrder, PaymentRequest, PlacedOrder } from '../../../src/order/domain/order.js';
import {
  type FinishedPayment,
  type InsertedOrder,
  type KeyedOrderRequest,
  OrderRepository,
  type PaidOrder,
  type PaymentProgress,
  type StepsOfPayment,
} from '../../../src/order/domain/order.repository.js';
import type { PaymentAttempt, Rollback } from '../../../src/order/domain/payment-attempt.js';
import type { Context } from '../scheduler.js';
import { epochMs } from '../virtual-time.js';
import type { MemoryDatabase } from './memory-database.js';
import type { MemoryTransaction } from './memory-transaction.js';
import { memoryTransaction } from './memory-unit-of-work.js';
import type { AttemptRow, OrderRow, ShopTables } from './shop-tables.js';
import { ConstraintViolation, byKey, lockOf, newRow, sortedLocks } from './table.js';

const CURRENCY = 'KRW';

/** How long things last in the simulated shop: shorter than in the real one, so that few polls fit in between. */
export interface Periods {
  readonly leaseMs: number;
  readonly deadlineMs: number;
  readonly holdMs: number;
}

/** The statements of `PgOrderRepository`, one by one. */
export class MemoryOrderRepository extends OrderRepository {
  constructor(
    private readonly database: MemoryDatabase,
    private readonly tables: ShopTables,
    private readonly context: Context,
    private readonly periods: Periods,
  ) {
    super();
  }

  override nextOrderIds(count: number): Promise<readonly OrderId[]> {
    return this.database.look('order', this.context, `next ${count} order ids`, () =>
      Array.from({ length: count }, this.tables.nextOrderId),
    );
  }

  override orderIdsOf(asked: readonly KeyedOrderRequest[]): Promise<readonly OrderId[]> {
    const { requests } = this.tables;
    const keys = asked.map(({ userId, idempotencyKey }) => `${userId} ${idempotencyKey}`);
    return this.database.alone('order', this.context, `order ids of requests ${keys.join(', ')}`, (memory) => ({
      locks: () => [...new Set(keys)].toSorted().map((key) => lockOf(requests, key)),
      run: () =>
        asked.map(({ proposed }, index) => {
          const key = keys[index] as string;
          const known = memory.get(requests, key);
          if (!known) memory.insert(requests, key, { orderId: proposed });
          return known?.orderId ?? proposed;
        }),
    }));
  }

  override insert(tx: Transaction, placed: readonly PlacedOrder[]): Promise<readonly InsertedOrder[]> {
    const memory = memoryTransaction(tx);
    const { orders } = this.tables;
    let known = new Set<OrderId>();
    return memory.statement(`insert orders ${placed.map(({ id }) => id).join(', ')}`, {
      yieldsToExisting: true,
      locks: () => {
        // The statement's snapshot: an order that another transaction is just writing is neither inserted nor found.
        known = new Set(placed.flatMap(({ id }) => (orders.rows.has(id) ? [id] : [])));
        const missing = placed.flatMap(({ id }) => (known.has(id) ? [] : [id]));
        return missing.toSorted(byKey).map((id) => newRow(orders, id));
      },
      run: () => {
        // The lines of an order that stands twice in the list break their primary key.
        if (new Set(placed.map(({ id }) => id)).size < placed.length) {
          throw new ConstraintViolation('order_line: the lines of an order are there already');
        }
        return placed.flatMap((order) => {
          const isNew = !memory.get(orders, order.id);
          if (isNew) memory.insert(orders, order.id, pendingOrder(order));
          return isNew || known.has(order.id) ? [{ id: order.id, createdAt: dateOf(memory.nowMs), currency: CURRENCY }] : [];
        });
      },
    });
  }

  override lock(tx: Transaction, orderIds: readonly OrderId[]): Promise<ReadonlyMap<OrderId, LockedOrder>> {
    const memory = memoryTransaction(tx);
    const { orders } = this.tables;
    return memory.statement(`lock orders ${orderIds.join(', ')}`, {
      locks: () =>
        sortedLocks(
          orders,
          orderIds.filter((id) => orders.rows.has(id)),
        ),
      run: () => new Map(found(orderIds.map((id) => memory.get(orders, id))).map((row) => [row.orderId, lockedOrder(row, memory.nowMs)])),
    });
  }

  override setStatus(tx: Transaction, orderIds: readonly OrderId[], status: 'CANCELLED'): Promise<void> {
    const memory = memoryTransaction(tx);
    const { orders } = this.tables;
    return memory.statement(`set ${status} orders ${orderIds.join(', ')}`, {
      locks: () => orderIds.map((id) => lockOf(orders, id)),
      run: () => orderIds.forEach((id) => memory.update(orders, id, () => ({ status }))),
    });
  }

  override expire(tx: Transaction, rowsMax: number): Promise<readonly Pick<LockedOrder, 'id' | 'userId'>[]> {
    const memory = memoryTransaction(tx);
    const { orders } = this.tables;
    const isDue = (row: OrderRow): boolean => row.status === 'PENDING' && row.expiresAtMs <= memory.nowMs;
    const due = (): OrderRow[] => [...orders.rows.values()].filter(isDue).slice(0, rowsMax);
    // Nothing to expire is what most rounds find: they take no step.
    if (due().length === 0) return this.database.io.glance('order', () => []);
    return memory.statement('expire orders', {
      skipLocked: true,
      locks: () => due().map(({ orderId }) => lockOf(orders, orderId)),
      run: () => {
        const expired = memory.all(orders).filter((row) => isDue(row) && orders.locks.get(row.orderId)?.holder === memory);
        for (const { orderId } of expired) memory.update(orders, orderId, () => ({ status: 'EXPIRED' as const }));
        return expired.map(({ orderId, userId }) => ({ id: orderId, userId }));
      },
    });
  }

  override beginPayments(tx: Transaction, requests: readonly PaymentRequest[]): Promise<readonly PaymentAttempt[]> {
    const memory = memoryTransaction(tx);
    const { orders, attempts } = this.tables;
    const begun = requests.map((request) => ({ ...request, paymentId: this.tables.nextPaymentId() }));
    return memory.statement(`begin payments ${begun.map(({ paymentId, orderId }) => `${paymentId} of order ${orderId}`).join(', ')}`, {
      locks: () =>
        begun.flatMap(({ orderId, paymentId }) => [
          lockOf(orders, orderId),
          newRow(attempts, paymentId),
          newRow(attempts, `under_way=${orderId}`),
        ]),
      run: () =>
        begun.map(({ orderId, couponId, paymentId }) => {
          memory.update(orders, orderId, () => ({ status: 'PAYMENT_PROCESSING' as const }));
          const { userId, totalAmount } = memory.get(orders, orderId) as OrderRow;
          const row: AttemptRow = {
            paymentId,
            orderId,
            userId,
            couponId,
            totalAmount,
            state: 'RUNNING',
            steps: [],
            refusal: null,
            awaited: [],
            reported: [],
            ...{
              remainingBalance: null,
              finishedAtMs: null,
            },
            ...{
              leaseUntilMs: memory.nowMs + this.periods.leaseMs,
              deadlineAtMs: memory.nowMs + this.periods.deadlineMs,
            },
          };
          memory.insert(attempts, paymentId, row);
          return attemptOf(row);
        }),
    });
  }

  override async finishPayments(tx: Transaction, payments: readonly FinishedPayment[]): Promise<readonly PaidOrder[]> {
    const memory = memoryTransaction(tx);
    await this.lock(
      tx,
      payments.map(({ attempt }) => attempt.orderId),
    );
    const finished = await this.setPaid(memory, payments);
    return memory.statement('read paid orders', { run: () => this.paidOrders(memory, finished) });
  }

  protected setPaid(memory: MemoryTransaction, payments: readonly FinishedPayment[]): Promise<readonly PaymentId[]> {
    const { orders, attempts } = this.tables;
    return memory.statement(`finish payments ${payments.map(({ attempt }) => attempt.id).join(', ')}`, {
      locks: () => payments.map(({ attempt }) => lockOf(attempts, attempt.id)),
      run: () =>
        // One statement updates a row once, however often it stands in the list.
        [...new Map(payments.map((payment) => [payment.attempt.id, payment])).values()].flatMap(
          ({ attempt: { id, orderId }, discountAmount, finalAmount, remainingBalance, steps }) => {
            const attempt = memory.get(attempts, id);
            if (attempt?.state !== 'RUNNING') return [];
            memory.put(attempts, id, { ...attempt, state: 'PAID', finishedAtMs: memory.nowMs, steps, remainingBalance });
            const paid = { paymentId: id, couponId: attempt.couponId, discountAmount, finalAmount, paidAtMs: memory.nowMs };
            memory.update(orders, orderId, () => ({ status: 'PAID' as const, ...paid }));
            return [id];
          },
        ),
    });
  }

  override async paidOrder(paymentId: PaymentId): Promise<PaidOrder | null> {
    const paid = await this.database.look('order', this.context, `read payment ${paymentId}`, () =>
      this.paidOrders(undefined, [paymentId]),
    );
    return paid[0] ?? null;
  }

  override async lockRollbacks(
    tx: Transaction,
    payments: readonly { paymentId: PaymentId; orderId: OrderId }[],
  ): Promise<readonly Rollback[]> {
    const memory = memoryTransaction(tx);
    const { attempts } = this.tables;
    await this.lock(
      tx,
      payments.map(({ orderId }) => orderId),
    );
    const ids = [...new Set(payments.map(({ paymentId }) => paymentId))];
    return memory.statement(`lock payments ${ids.join(', ')}`, {
      locks: () =>
        sortedLocks(
          attempts,
          ids.filter((id) => attempts.rows.has(id)),
        ),
      run: () =>
        found(ids.map((id) => memory.get(attempts, id))).map(({ paymentId, orderId, state, refusal, awaited, reported }) => ({
          paymentId,
          orderId,
          state,
          refusal,
          awaited,
          reported,
        })),
    });
  }

  override saveRollbacks(tx: Transaction, rollbacks: readonly Rollback[]): Promise<void> {
    const memory = memoryTransaction(tx);
    const { orders, attempts } = this.tables;
    return memory.statement(`save rollbacks ${rollbacks.map(({ paymentId, state }) => `${paymentId} ${state}`).join(', ')}`, {
      locks: () => rollbacks.flatMap(({ paymentId, orderId }) => [lockOf(attempts, paymentId), lockOf(orders, orderId)]),
      run: () => {
        for (const { paymentId, orderId, state, refusal, awaited, reported } of rollbacks) {
          const attempt = memory.get(attempts, paymentId);
          if (attempt?.state !== 'RUNNING' && attempt?.state !== 'ROLLING_BACK') continue;
          const finishedAtMs = state === 'REFUSED' ? (attempt.finishedAtMs ?? memory.nowMs) : null;
          memory.put(attempts, paymentId, { ...attempt, state, refusal, awaited, reported, finishedAtMs });
          if (state === 'REFUSED') memory.update(orders, orderId, () => ({ status: 'PENDING' as const }));
        }
      },
    });
  }

  override appendSteps(records: readonly StepsOfPayment[]): Promise<void> {
    const { attempts } = this.tables;
    const paymentIds = [...new Set(records.map(({ paymentId }) => paymentId))];
    const update = (memory: MemoryTransaction): void =>
      records.forEach(({ paymentId, steps }) => memory.update(attempts, paymentId, (attempt) => ({ steps: [...attempt.steps, ...steps] })));
    return this.database.alone('order', this.context, `append steps of payment ${paymentIds.join(', ')}`, (memory) => ({
      locks: () => sortedLocks(attempts, paymentIds),
      run: () => update(memory),
    }));
  }

  override progressOf(paymentIds: readonly PaymentId[]): Promise<ReadonlyMap<PaymentId, PaymentProgress>> {
    return this.database.look('order', this.context, `progress of payment ${paymentIds.join(', ')}`, () => {
      const rows = found(paymentIds.map((id) => this.tables.attempts.rows.get(id)));
      return new Map(rows.map(({ paymentId, state, refusal }) => [paymentId, { state, refusal }]));
    });
  }

  override endLeases(): Promise<void> {
    const { attempts } = this.tables;
    const running = (): AttemptRow[] => [...attempts.rows.values()].filter(({ state }) => state === 'RUNNING');
    return this.database.alone('order', this.context, 'end all leases', (memory) => ({
      locks: () => running().map(({ paymentId }) => lockOf(attempts, paymentId)),
      run: () => running().forEach(({ paymentId }) => memory.update(attempts, paymentId, () => ({ leaseUntilMs: memory.nowMs }))),
    }));
  }

  override takeOver(rowsMax: number): Promise<readonly (PaymentAttempt & { overdue: boolean })[]> {
    const { attempts } = this.tables;
    const due = (nowMs: number): AttemptRow[] =>
      [...attempts.rows.values()].filter((row) => row.state === 'RUNNING' && row.leaseUntilMs <= nowMs);
    // Nobody to take over is what most rounds find: they take no step.
    if (due(this.database.nowMs).length === 0) return this.database.io.glance('order', () => []);
    return this.database.alone('order', this.context, 'take payments over', (memory) => ({
      skipLocked: true,
      locks: () =>
        due(memory.nowMs)
          .slice(0, rowsMax)
          .map(({ paymentId }) => lockOf(attempts, paymentId)),
      run: () =>
        due(memory.nowMs)
          .filter(({ paymentId }) => attempts.locks.get(paymentId)?.holder === memory)
          .map((row) => {
            memory.put(attempts, row.paymentId, { ...row, leaseUntilMs: memory.nowMs + this.periods.leaseMs });
            return { ...attemptOf(row), overdue: row.deadlineAtMs <= memory.nowMs };
          }),
    }));
  }

  private paidOrders(memory: MemoryTransaction | undefined, paymentIds: readonly PaymentId[]): PaidOrder[] {
    const { orders, attempts } = this.tables;
    return paymentIds.flatMap((paymentId) => {
      const attempt = memory ? memory.get(attempts, paymentId) : attempts.rows.get(paymentId);
      const order = attempt && (memory ? memory.get(orders, attempt.orderId) : orders.rows.get(attempt.orderId));
      return order?.paymentId === paymentId ? [paidOrderOf(order, attempt as AttemptRow)] : [];
    });
  }
}

const found = <Row>(rows: readonly (Row | undefined)[]): Row[] => rows.filter((row) => row !== undefined);
const dateOf = (virtualMs: number): Date => new Date(epochMs(virtualMs));

const lockedOrder = ({ orderId, userId, status, totalAmount, expiresAtMs }: OrderRow, nowMs: number): LockedOrder => ({
  id: orderId,
  userId,
  status,
  totalAmount,
  pastDeadline: expiresAtMs <= nowMs,
});

const pendingOrder = ({ id, userId, lines, totalAmount, expiresAt }: PlacedOrder): OrderRow => ({
  orderId: id,
  userId,
  lines,
  totalAmount,
  expiresAtMs: expiresAt.getTime() - epochMs(0),
  status: 'PENDING',
  ...{
    discountAmount: null,
    finalAmount: null,
    couponId: null,
    paymentId: null,
    paidAtMs: null,
  },
});

const attemptOf = ({ paymentId, orderId, userId, couponId, totalAmount }: AttemptRow): PaymentAttempt => ({
  id: paymentId,
  orderId,
  userId,
  couponId,
  totalAmount,
});

const paidOrderOf = (order: OrderRow, attempt: AttemptRow): PaidOrder => ({
  orderId: order.orderId,
  paymentId: attempt.paymentId,
  couponId: order.couponId,
  totalAmount: order.totalAmount,
  discountAmount: order.discountAmount as bigint as PaidOrder['discountAmount'],
  finalAmount: order.finalAmount as bigint as PaidOrder['finalAmount'],
  remainingBalance: attempt.remainingBalance as bigint as PaidOrder['remainingBalance'],
  currency: CURRENCY,
  paidAt: dateOf(order.paidAtMs ?? 0),
  lines: order.lines,
});
