import type { OrderId, PaymentId } from '../../../src/kernel/ids.js';
import { NO_MONEY } from '../../../src/kernel/money.js';
import { refuse } from '../../../src/kernel/result.js';
import type { Transaction } from '../../../src/kernel/transaction.js';
import type { Step } from '../../../src/messaging/event-bus.js';
import type { Unsent } from '../../../src/messaging/event.js';
import type { PayOrder, ResumePayment } from '../../../src/order/application/process-payment.use-case.js';
import type { LockedOrder } from '../../../src/order/domain/order.js';
import type { FinishedPayment } from '../../../src/order/domain/order.repository.js';
import type { PaymentAttempt, Rollback } from '../../../src/order/domain/payment-attempt.js';
import type { ShopProcess } from '../shop-process.js';
import type { MemoryTransaction } from '../store/memory-transaction.js';
import { memoryTransaction } from '../store/memory-unit-of-work.js';
import type { AttemptRow } from '../store/shop-tables.js';
import { lockOf } from '../store/table.js';
import { type PlantedBug, change } from './planted-bug.js';

type Execute = (command: PayOrder | ResumePayment) => Promise<unknown>;
type Lock = (tx: Transaction, orderIds: readonly OrderId[]) => Promise<ReadonlyMap<OrderId, LockedOrder>>;

/** Resumes another attempt than the one that was left. */
const resuming = ({ processPayment }: ShopProcess, twist: (attempt: PaymentAttempt) => PaymentAttempt): void =>
  change<Execute>(
    processPayment,
    'execute',
    (execute) => (command: PayOrder | ResumePayment) => execute('resume' in command ? { resume: twist(command.resume) } : command),
  );

/** An order domain that sees orders otherwise than they are, for one of its users. */
const seeing = ({ orders }: ShopProcess, user: object, twist: (order: LockedOrder) => LockedOrder): void => {
  const seen = Object.create(orders) as object;
  const lock: Lock = async (tx, ids) => new Map([...(await orders.lock(tx, ids))].map(([id, order]) => [id, twist(order)]));
  Object.assign(seen, { lock });
  Object.assign(user, { orders: seen });
};

export const ORDER_BUGS: readonly PlantedBug[] = [
  {
    name: 'a lease is ignored by whoever takes over',
    breaks: '7',
    plant: ({ orders, tables, database, context, periods }) =>
      change(orders, 'takeOver', () => () => {
        const running = (): AttemptRow[] => [...tables.attempts.rows.values()].filter(({ state }) => state === 'RUNNING');
        if (running().length === 0) return Promise.resolve([]);
        return database.alone('order', context, 'take all payments over', (memory: MemoryTransaction) => ({
          locks: () => running().map(({ paymentId }) => lockOf(tables.attempts, paymentId)),
          run: () =>
            running().map((row) => {
              memory.put(tables.attempts, row.paymentId, { ...row, leaseUntilMs: memory.nowMs + periods.leaseMs });
              return {
                id: row.paymentId,
                orderId: row.orderId,
                userId: row.userId,
                couponId: row.couponId,
                totalAmount: row.totalAmount,
                overdue: false,
              };
            }),
        }));
      }),
  },
  {
    name: 'nobody takes abandoned payments over',
    breaks: '7',
    plant: ({ recoverPayments }) => change(recoverPayments, 'execute', () => () => Promise.resolve(false)),
  },
  {
    name: 'unpaid orders never expire',
    breaks: '7',
    plant: ({ expireOrders }) => change(expireOrders, 'execute', () => () => Promise.resolve(false)),
  },
  {
    name: 'a resumed payment gets another id',
    breaks: 'P2',
    plant: (process) => resuming(process, (attempt) => ({ ...attempt, id: (attempt.id + 1_000) as PaymentId })),
  },
  {
    name: 'a resumed payment forgets its coupon',
    breaks: 'P2',
    plant: (process) => resuming(process, (attempt) => ({ ...attempt, couponId: null })),
  },
  {
    name: 'the discount is not written to the order',
    breaks: '3',
    plant: ({ orderService }) =>
      change<(payment: FinishedPayment) => Promise<unknown>>(
        orderService,
        'finishPayment',
        (finish) => (payment: FinishedPayment) => finish({ ...payment, discountAmount: NO_MONEY }),
      ),
  },
  {
    name: 'an attempt that was given up can still be finished',
    breaks: 'O3',
    plant: ({ orders, tables }) =>
      change(
        orders,
        'setPaid',
        () => (memory: MemoryTransaction, payments: readonly FinishedPayment[]) =>
          memory.statement('finish whatever the state', {
            locks: () => payments.map(({ attempt }) => lockOf(tables.attempts, attempt.id)),
            run: () =>
              payments.map(({ attempt: { id, orderId }, discountAmount, finalAmount, remainingBalance }) => {
                memory.update(tables.attempts, id, () => ({ state: 'PAID' as const, finishedAtMs: memory.nowMs, remainingBalance }));
                memory.update(tables.orders, orderId, ({ couponId }) => ({
                  status: 'PAID' as const,
                  paymentId: id,
                  discountAmount,
                  finalAmount,
                  paidAtMs: memory.nowMs,
                  couponId,
                }));
                return id;
              }),
          }),
      ),
  },
  {
    name: 'a finished attempt can still be given up',
    breaks: 'O3',
    plant: ({ orderService, recoverPayments, orders }) => {
      const seen = Object.create(orders) as object;
      Object.assign(seen, {
        lockRollbacks: async (tx: Transaction, payments: readonly { paymentId: PaymentId; orderId: OrderId }[]) =>
          (await orders.lockRollbacks(tx, payments)).map((rollback) => ({ ...rollback, state: 'RUNNING' as const })),
      });
      change<(attempt: PaymentAttempt) => Promise<void>>(orderService, 'giveUp', (giveUp) => (attempt: PaymentAttempt) => {
        Object.assign(orderService, { orders: seen });
        return giveUp(attempt).finally(() => Object.assign(orderService, { orders }));
      });
      change(recoverPayments, 'carryOn', () => (attempt: PaymentAttempt) => orderService.giveUp(attempt));
    },
  },
  {
    name: 'PAID and order.processed are two transactions',
    breaks: 'O2',
    plant: ({ orderService, bus, unitsOfWork }) =>
      Object.assign(orderService, {
        bus: {
          emit: (tx: Transaction, ...events: readonly Unsent<never>[]) => {
            tx.afterCommit(() => void unitsOfWork.order.run((later) => bus.emit(later, ...events)).catch(() => {}));
            return Promise.resolve();
          },
        },
      }),
  },
  {
    name: 'an order is told of once for each request of a finishing batch',
    breaks: '5',
    family: 'queue',
    plant: ({ orderService, bus }) => {
      let batch: readonly FinishedPayment[] = [];
      change<(payments: readonly FinishedPayment[]) => Promise<unknown>>(
        orderService,
        'finishAll',
        (finishAll) => (payments: readonly FinishedPayment[]) => {
          batch = payments;
          return finishAll(payments);
        },
      );
      const timesAsked = ({ paymentId }: { readonly paymentId?: number }): number =>
        Math.max(1, batch.filter(({ attempt }) => attempt.id === paymentId).length);
      Object.assign(orderService, {
        bus: {
          emit: (tx: Transaction, ...events: readonly Unsent<never>[]) =>
            bus.emit(tx, ...events.flatMap((event) => Array.from({ length: timesAsked(event.data) }, () => event))),
        },
      });
    },
  },
  {
    name: 'whoever waits for a roll-back waits for a hint alone',
    breaks: 'P3',
    family: 'refused',
    plant: ({ changes }) =>
      change<(orderId: OrderId, waitMsMax: number) => Promise<void>>(changes, 'next', (next) => (orderId: OrderId) => next(orderId, 1e9)),
  },
  {
    name: 'a payment begins whatever the order is',
    breaks: 'O1',
    plant: (process) => seeing(process, process.orderService, (order) => ({ ...order, status: 'PENDING' })),
  },
  {
    name: 'an order is cancelled whatever it is',
    breaks: '3',
    plant: (process) => seeing(process, process.cancelOrder, (order) => ({ ...order, status: 'PENDING' })),
  },
  {
    name: 'an order is read for cancelling without a lock',
    breaks: '3',
    plant: ({ orders, cancelOrder, tables }) => {
      const seen = Object.create(orders) as object;
      Object.assign(seen, {
        lock: (tx: Transaction, [id]: readonly [OrderId]) =>
          memoryTransaction(tx).statement('read an order', {
            run: () => {
              const row = tables.orders.rows.get(id);
              return new Map(row ? [[id, { ...row, id, pastDeadline: false }]] : []);
            },
          }),
      });
      Object.assign(cancelOrder, { orders: seen });
    },
  },
  {
    name: 'orders expire while they are being paid',
    breaks: '3',
    plant: ({ orders, tables }) =>
      change(orders, 'expire', () => (tx: Transaction) => {
        const memory = memoryTransaction(tx);
        const due = () =>
          [...tables.orders.rows.values()].filter(
            ({ status, expiresAtMs }) => (status === 'PENDING' || status === 'PAYMENT_PROCESSING') && expiresAtMs <= memory.nowMs,
          );
        return memory.statement('expire', {
          locks: () => due().map(({ orderId }) => lockOf(tables.orders, orderId)),
          run: () =>
            due().map(({ orderId, userId }) => {
              memory.update(tables.orders, orderId, () => ({ status: 'EXPIRED' as const }));
              return { id: orderId, userId };
            }),
        });
      }),
  },
  {
    name: 'the order is PENDING again when the last domain has reported, not all',
    breaks: 'P3',
    plant: ({ listeners }) =>
      change<(done: unknown) => readonly string[]>(
        listeners.orderFail,
        'compensationsReporting',
        (reporting) => (done: unknown) => reporting(done).slice(-1),
      ),
  },
  {
    name: 'the order is PENDING again before the compensations',
    breaks: 'P3',
    plant: ({ orders }) =>
      change<(tx: Transaction, rollbacks: readonly Rollback[]) => Promise<void>>(
        orders,
        'saveRollbacks',
        (save) => (tx: Transaction, rollbacks: readonly Rollback[]) =>
          save(
            tx,
            rollbacks.map((rollback) => (rollback.refusal ? { ...rollback, state: 'REFUSED' } : rollback)),
          ),
      ),
  },
  {
    name: 'a refusal is answered before its compensations',
    breaks: 'P3',
    plant: ({ processPayment }) =>
      change(
        processPayment,
        'refused',
        () => (_: PaymentAttempt, steps: readonly Step[]) =>
          Promise.resolve(refuse(steps.find(({ outcome }) => outcome === 'REFUSED')?.code ?? 'PAYMENT_ABORTED', 'refused at once')),
      ),
  },
  {
    name: 'a late report counts for a roll-back that is through',
    breaks: '3',
    plant: ({ orders, tables }) =>
      change(orders, 'saveRollbacks', () => (tx: Transaction, rollbacks: readonly Rollback[]) => {
        const memory = memoryTransaction(tx);
        return memory.statement('save rollbacks whatever the state', {
          locks: () => rollbacks.flatMap(({ paymentId, orderId }) => [lockOf(tables.attempts, paymentId), lockOf(tables.orders, orderId)]),
          run: () => {
            for (const { paymentId, orderId, ...rollback } of rollbacks) {
              memory.update(tables.attempts, paymentId, () => ({
                ...rollback,
                finishedAtMs: rollback.state === 'REFUSED' ? memory.nowMs : null,
              }));
              // The mistake: whatever comes makes the order PENDING.
              memory.update(tables.orders, orderId, () => ({ status: 'PENDING' as const }));
            }
          },
        });
      }),
  },
  {
    name: 'a repeated placing takes another order id',
    breaks: 'the key of a placing',
    plant: ({ orders }) =>
      change(
        orders,
        'orderIdsOf',
        () => (requests: readonly { proposed: OrderId }[]) => Promise.resolve(requests.map(({ proposed }) => proposed)),
      ),
  },
];
