import type { OrderId, ProductOptionId } from '../../../src/kernel/ids.js';
import type { Transaction } from '../../../src/kernel/transaction.js';
import type { ShopEvent, Unsent } from '../../../src/messaging/event.js';
import { OrderProcessingFail } from '../../../src/order/application/events/order-processing-fail.event.js';
import type { PaymentFailure } from '../../../src/order/application/events/payment-failure.js';
import type { Confirmation } from '../../../src/product/domain/confirmation.js';
import type { Sale } from '../../../src/product/domain/sales-ranking.repository.js';
import type { Hold } from '../../../src/product/domain/stock.js';
import type { NewHold } from '../../../src/product/domain/stock.repository.js';
import { shelfOption } from '../store/memory-stock-repository.js';
import { memoryTransaction } from '../store/memory-unit-of-work.js';
import type { HoldRow } from '../store/shop-tables.js';
import { lockOf } from '../store/table.js';
import { type PlantedBug, change } from './planted-bug.js';
import { rewriteHolds } from './rewrite-holds.js';

type LockHolds = (tx: Transaction, orderIds: readonly OrderId[]) => Promise<readonly Hold[]>;
type ExpiredHolds = (tx: Transaction, graceSeconds: number, holdsMax: number) => Promise<readonly OrderId[]>;
type Release = (tx: Transaction, orderIds: readonly OrderId[]) => Promise<unknown>;
type Emit = (tx: Transaction, ...events: readonly Unsent<never>[]) => Promise<void>;

export const PRODUCT_BUGS: readonly PlantedBug[] = [
  {
    name: 'stock is read without a lock',
    breaks: 'S1',
    plant: ({ stock, tables }) =>
      change(stock, 'lockOptions', () => (tx: Transaction, optionIds: readonly ProductOptionId[]) => {
        const memory = memoryTransaction(tx);
        return memory.statement('read options', { run: () => optionIds.map((id) => shelfOption(memory, tables, id)) });
      }),
  },
  {
    name: 'reserved is written as it was read, and one more',
    breaks: '2',
    plant: ({ stock, tables }) => {
      const seen = new Map<ProductOptionId, number>();
      change(stock, 'lockOptions', () => (tx: Transaction, optionIds: readonly ProductOptionId[]) => {
        const memory = memoryTransaction(tx);
        return memory.statement('read options', {
          run: () => {
            for (const id of optionIds) seen.set(id, memory.get(tables.options, id)?.reserved ?? 0);
            return optionIds.map((id) => shelfOption(memory, tables, id));
          },
        });
      });
      change<(tx: Transaction, holds: readonly NewHold[]) => Promise<Date>>(
        stock,
        'hold',
        (hold) => async (tx: Transaction, holds: readonly NewHold[]) => {
          const until = await hold(tx, holds);
          const memory = memoryTransaction(tx);
          for (const { productOptionId, quantity } of holds) {
            memory.update(tables.options, productOptionId, () => ({ reserved: (seen.get(productOptionId) ?? 0) + quantity }));
          }
          return until;
        },
      );
    },
  },
  {
    name: 'options are locked in the order in which the lines come',
    breaks: 'S1 (deadlock)',
    family: 'crowd',
    plant: ({ stock, tables }) =>
      change<(tx: Transaction, ids: readonly ProductOptionId[]) => Promise<unknown>>(
        stock,
        'lockOptions',
        (lock) => async (tx: Transaction, optionIds: readonly ProductOptionId[]) => {
          for (const id of optionIds) {
            await memoryTransaction(tx).statement('lock an option', { locks: () => [lockOf(tables.options, id)], run: () => undefined });
          }
          return lock(tx, optionIds);
        },
      ),
  },
  {
    name: 'only the first line of an order is held',
    breaks: '3',
    plant: ({ stock }) =>
      change<(tx: Transaction, holds: readonly NewHold[]) => Promise<Date>>(
        stock,
        'hold',
        (hold) => (tx: Transaction, holds: readonly NewHold[]) =>
          hold(
            tx,
            holds.filter(({ orderId }, index) => holds.findIndex((each) => each.orderId === orderId) === index),
          ),
      ),
  },
  {
    name: 'holds are confirmed whether or not they are live',
    breaks: '3',
    plant: ({ stock }) =>
      change<LockHolds>(
        stock,
        'lockHolds',
        (lock) =>
          async (...given: Parameters<LockHolds>) =>
            (await lock(...given)).map((hold) => ({ ...hold, state: 'HELD' as const, expired: false })),
      ),
  },
  {
    name: 'a compensation takes back what the event lists, confirmed or not',
    breaks: 'J3',
    plant: (process) =>
      change<(tx: Transaction, fails: readonly ShopEvent<PaymentFailure>[]) => Promise<unknown>>(
        process.listeners.productFail,
        'rollBack',
        (rollBack) => async (tx: Transaction, fails: readonly ShopEvent<PaymentFailure>[]) => {
          const reports = await rollBack(tx, fails);
          const orders = new Set<number>(fails.map(({ data }) => data.orderId));
          await rewriteHolds(process, tx, {
            which: ({ orderId, state }) => orders.has(orderId) && state === 'HELD',
            as: {},
            stock: 1,
            reserved: 0,
          });
          return reports;
        },
      ),
  },
  {
    name: 'a compensation takes back whatever is confirmed for the order',
    breaks: '3',
    plant: (process) =>
      change<(tx: Transaction, confirmations: readonly Confirmation[]) => Promise<void>>(
        process.listeners.productFail,
        'rollBack',
        () => async (tx: Transaction, fails: readonly ShopEvent<PaymentFailure>[]) => {
          const orders = new Set<number>(fails.map(({ data }) => data.orderId));
          await rewriteHolds(process, tx, {
            which: ({ orderId, state }) => orders.has(orderId) && state === 'CONFIRMED',
            as: { state: 'HELD', paymentId: null },
            stock: 1,
            reserved: 1,
          });
          return fails.map(({ data: { paymentId, orderId } }) => ({ paymentId, orderId, domain: 'product', undone: true }));
        },
      ),
  },
  {
    name: 'a compensation frees the stock instead of holding it again',
    breaks: '3',
    plant: (process) =>
      change(process.stock, 'takeBack', () => (tx: Transaction, confirmations: readonly Confirmation[]) => {
        const payments = new Set<unknown>(confirmations.map(({ paymentId }) => paymentId));
        return rewriteHolds(process, tx, {
          which: ({ state, paymentId }) => state === 'CONFIRMED' && payments.has(paymentId),
          as: { state: 'RELEASED', paymentId: null },
          stock: 1,
          reserved: 0,
        });
      }),
  },
  {
    name: 'a compensation reports done and does nothing',
    breaks: '3',
    plant: ({ stock }) => change(stock, 'takeBack', () => () => Promise.resolve()),
  },
  {
    name: 'confirming forgets what was reserved',
    breaks: '2',
    plant: (process) =>
      change(process.stock, 'confirm', () => async (tx: Transaction, confirmations: readonly Confirmation[]) => {
        for (const { paymentId, orderId } of confirmations) {
          await rewriteHolds(process, tx, {
            which: (hold) => hold.orderId === orderId && hold.state === 'HELD',
            as: { state: 'CONFIRMED', paymentId },
            stock: -1,
            reserved: 0,
          });
        }
      }),
  },
  {
    name: 'the sweeper gives sold stock back, too',
    breaks: '3',
    plant: (process) => {
      const { stock, tables, database } = process;
      const isSoldLongAgo = ({ state, expiresAtMs }: HoldRow): boolean => state === 'CONFIRMED' && expiresAtMs < database.nowMs;
      const sold = (): OrderId[] => [...tables.holds.rows.values()].filter(isSoldLongAgo).map(({ orderId }) => orderId);
      change<ExpiredHolds>(stock, 'ordersOfExpiredHolds', (expired) => async (...given: Parameters<ExpiredHolds>) => [
        ...(await expired(...given)),
        ...sold(),
      ]);
      change<Release>(stock, 'release', (release) => async (tx: Transaction, orderIds: readonly OrderId[]) => {
        const which = ({ orderId, state }: HoldRow): boolean => orderIds.includes(orderId) && state === 'CONFIRMED';
        await rewriteHolds(process, tx, { which, as: { state: 'RELEASED', paymentId: null }, stock: 1, reserved: 0 });
        return release(tx, orderIds);
      });
    },
  },
  {
    name: 'the sweeper frees holds before they expire',
    breaks: '3',
    plant: ({ stock, tables }) =>
      change(
        stock,
        'ordersOfExpiredHolds',
        () => () =>
          Promise.resolve([
            ...new Set([...tables.holds.rows.values()].flatMap(({ state, orderId }) => (state === 'HELD' ? [orderId] : []))),
          ]),
      ),
  },
  {
    name: 'nobody frees holds without an order',
    breaks: '7',
    plant: ({ releaseExpiredHolds }) => change(releaseExpiredHolds, 'execute', () => () => Promise.resolve(false)),
  },
  {
    name: 'a refused confirmation does not publish its fail event',
    breaks: '5',
    plant: ({ listeners, bus }) =>
      Object.assign(listeners.confirming, {
        bus: {
          emit: (tx: Transaction, ...events: Parameters<Emit>[1][]) =>
            bus.emit(tx, ...events.filter((event) => (event as unknown as { definition: unknown }).definition !== OrderProcessingFail)),
        },
      }),
  },
  {
    name: 'sales are ranked in a transaction of their own',
    breaks: '6',
    plant: ({ listeners, ranking, unitsOfWork }) =>
      Object.assign(listeners.ranking, {
        ranking: { add: (_: Transaction, sales: readonly Sale[]) => unitsOfWork.product.run((tx) => ranking.add(tx, sales)) },
      }),
  },
  {
    name: 'sales are ranked after the commit',
    breaks: '6',
    plant: ({ listeners, ranking, unitsOfWork }) =>
      Object.assign(listeners.ranking, {
        ranking: {
          add: (tx: Transaction, sales: readonly Sale[]) => {
            tx.afterCommit(() => void unitsOfWork.product.run((later) => ranking.add(later, sales)).catch(() => {}));
            return Promise.resolve();
          },
        },
      }),
  },
];
