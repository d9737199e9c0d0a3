import type { OrderId, ProductId, ProductOptionId } from '../../../src/kernel/ids.js';
import type { Transaction } from '../../../src/kernel/transaction.js';
import type { Confirmation } from '../../../src/product/domain/confirmation.js';
import { type Sale, SalesRankingRepository } from '../../../src/product/domain/sales-ranking.repository.js';
import type { Hold, ShelfOption } from '../../../src/product/domain/stock.js';
import { type NewHold, StockRepository } from '../../../src/product/domain/stock.repository.js';
import { epochMs } from '../virtual-time.js';
import type { MemoryDatabase } from './memory-database.js';
import type { MemoryTransaction } from './memory-transaction.js';
import { memoryTransaction } from './memory-unit-of-work.js';
import type { Periods } from './memory-order-repository.js';
import { type HoldRow, type ShopTables, holdKey } from './shop-tables.js';
import { type LockOf, lockOf, newRow, sortedLocks } from './table.js';

/** The statements of `PgStockRepository`, one by one. */
export class MemoryStockRepository extends StockRepository {
  constructor(
    private readonly database: MemoryDatabase,
    protected readonly tables: ShopTables,
    private readonly periods: Periods,
  ) {
    super();
  }

  override lockOptions(tx: Transaction, optionIds: readonly ProductOptionId[]): Promise<readonly ShelfOption[]> {
    const memory = memoryTransaction(tx);
    const { options } = this.tables;
    const existing = optionIds.filter((id) => options.rows.has(id));
    return memory.statement(`lock options ${existing.join(', ')}`, {
      locks: () => sortedLocks(options, existing),
      run: () => existing.map((id) => shelfOption(memory, this.tables, id)),
    });
  }

  override hold(tx: Transaction, holds: readonly NewHold[]): Promise<Date> {
    const memory = memoryTransaction(tx);
    const expiresAtMs = Math.floor(memory.nowMs) + this.periods.holdMs;
    return memory.statement(
      `hold ${holds.map(({ orderId, productOptionId, quantity }) => `${quantity} of ${productOptionId} for order ${orderId}`).join(', ')}`,
      {
        locks: () =>
          holds.flatMap(({ orderId, productOptionId }) => [
            newRow(this.tables.holds, holdKey(orderId, productOptionId)),
            lockOf(this.tables.options, productOptionId),
          ]),
        run: () => {
          for (const { orderId, productOptionId, quantity } of holds) {
            const key = holdKey(orderId, productOptionId);
            memory.insert(this.tables.holds, key, {
              orderId,
              optionId: productOptionId,
              quantity,
              state: 'HELD',
              expiresAtMs,
              paymentId: null,
            });
            memory.update(this.tables.options, productOptionId, ({ reserved }) => ({ reserved: reserved + quantity }));
          }
          return new Date(epochMs(expiresAtMs));
        },
      },
    );
  }

  override async lockHolds(tx: Transaction, orderIds: readonly OrderId[]): Promise<readonly Hold[]> {
    const memory = memoryTransaction(tx);
    await this.lockOptionsOfOrders(memory, orderIds);
    return memory.statement(`read holds of orders ${orderIds.join(', ')}`, {
      run: () =>
        this.holdsOf(memory, orderIds).map(({ orderId, optionId, quantity, state, expiresAtMs }) => ({
          orderId,
          productOptionId: optionId,
          quantity,
          state,
          expired: expiresAtMs <= memory.nowMs,
        })),
    });
  }

  override confirm(tx: Transaction, confirmations: readonly Confirmation[]): Promise<void> {
    return this.move(tx, 'confirm', confirmations, (memory, hold, paymentId) => {
      if (hold.state !== 'HELD') return;
      this.setHold(memory, hold, { state: 'CONFIRMED', paymentId });
      memory.update(this.tables.options, hold.optionId, ({ stock, reserved }) => ({
        stock: stock - hold.quantity,
        reserved: reserved - hold.quantity,
      }));
    });
  }

  override async takeBack(tx: Transaction, confirmations: readonly Confirmation[]): Promise<void> {
    if (confirmations.length === 0) return;
    await this.lockOptionsOfOrders(
      memoryTransaction(tx),
      confirmations.map(({ orderId }) => orderId),
    );
    await this.move(tx, 'take back', confirmations, (memory, hold, paymentId) => {
      if (hold.state !== 'CONFIRMED' || hold.paymentId !== paymentId) return;
      this.setHold(memory, hold, { state: 'HELD', paymentId: null });
      memory.update(this.tables.options, hold.optionId, ({ stock, reserved }) => ({
        stock: stock + hold.quantity,
        reserved: reserved + hold.quantity,
      }));
    });
  }

  override async release(tx: Transaction, orderIds: readonly OrderId[]): Promise<readonly ProductId[]> {
    const memory = memoryTransaction(tx);
    await this.lockOptionsOfOrders(memory, orderIds);
    const held = (): HoldRow[] => this.holdsOf(memory, orderIds).filter(({ state }) => state === 'HELD');
    return memory.statement(`release holds of orders ${orderIds.join(', ')}`, {
      locks: () => held().flatMap((hold) => this.locksOf(hold)),
      run: () =>
        held().map((hold) => {
          this.setHold(memory, hold, { state: 'RELEASED' });
          memory.update(this.tables.options, hold.optionId, ({ reserved }) => ({ reserved: reserved - hold.quantity }));
          return this.tables.options.rows.get(hold.optionId)?.productId as ProductId;
        }),
    });
  }

  override ordersOfExpiredHolds(tx: Transaction, graceSeconds: number, holdsMax: number): Promise<readonly OrderId[]> {
    const memory = memoryTransaction(tx);
    const beforeMs = memory.nowMs - graceSeconds * 1_000;
    const expired = (): HoldRow[] =>
      memory.all(this.tables.holds).filter(({ state, expiresAtMs }) => state === 'HELD' && expiresAtMs < beforeMs);
    // Nothing to free is what most rounds find: they take no step.
    if (expired().length === 0) return this.database.io.glance('product', () => []);
    return memory.statement('look for expired holds', {
      run: () => [
        ...new Set(
          expired()
            .slice(0, holdsMax)
            .map(({ orderId }) => orderId),
        ),
      ],
    });
  }

  private lockOptionsOfOrders(memory: MemoryTransaction, orderIds: readonly OrderId[]): Promise<void> {
    return memory.statement(`lock options of orders ${orderIds.join(', ')}`, {
      locks: () =>
        sortedLocks(
          this.tables.options,
          this.holdsOf(memory, orderIds).map(({ optionId }) => optionId),
        ),
      run: () => undefined,
    });
  }

  private move(
    tx: Transaction,
    what: string,
    confirmations: readonly Confirmation[],
    change: (memory: MemoryTransaction, hold: HoldRow, paymentId: Confirmation['paymentId']) => void,
  ): Promise<void> {
    const memory = memoryTransaction(tx);
    const keys = confirmations.flatMap(({ paymentId, orderId, lines }) =>
      lines.map(({ productOptionId }) => ({ paymentId, key: holdKey(orderId, productOptionId) })),
    );
    if (keys.length === 0) return Promise.resolve();
    const hold = (key: string): HoldRow | undefined => memory.get(this.tables.holds, key);
    return memory.statement(
      `${what} ${confirmations.map(({ paymentId, orderId }) => `order ${orderId} for payment ${paymentId}`).join(', ')}`,
      {
        locks: () => keys.flatMap(({ key }) => (hold(key) ? this.locksOf(hold(key) as HoldRow) : [])),
        run: () => {
          for (const { key, paymentId } of keys) if (hold(key)) change(memory, hold(key) as HoldRow, paymentId);
        },
      },
    );
  }

  private holdsOf(memory: MemoryTransaction, orderIds: readonly OrderId[]): HoldRow[] {
    return memory.all(this.tables.holds).filter(({ orderId }) => orderIds.includes(orderId));
  }

  private locksOf({ orderId, optionId }: HoldRow): LockOf[] {
    return [lockOf(this.tables.holds, holdKey(orderId, optionId)), lockOf(this.tables.options, optionId)];
  }

  private setHold(memory: MemoryTransaction, hold: HoldRow, change: Partial<HoldRow>): void {
    memory.put(this.tables.holds, holdKey(hold.orderId, hold.optionId), { ...hold, ...change });
  }
}

export function shelfOption(memory: MemoryTransaction, { options }: ShopTables, id: ProductOptionId): ShelfOption {
  const option = memory.get(options, id);
  if (!option) throw new Error(`option ${id} has gone`);
  const { productId, price, stock, reserved } = option;
  return { productOptionId: id, productId: productId as ProductId, name: `option ${id}`, price, onSale: true, available: stock - reserved };
}

/** Units per product; the simulated shop lives for less than a day. */
export class MemorySalesRanking extends SalesRankingRepository {
  constructor(private readonly tables: ShopTables) {
    super();
  }

  override add(tx: Transaction, sold: readonly Sale[]): Promise<void> {
    const memory = memoryTransaction(tx);
    const { sales } = this.tables;
    const products = sold.map(({ productId }) => productId);
    return memory.statement(`rank ${sold.map(({ productId, quantity }) => `${quantity} of product ${productId}`).join(', ')}`, {
      locks: () => sortedLocks(sales, products),
      run: () => {
        for (const { productId, quantity } of sold) {
          memory.put(sales, productId, { productId, units: (memory.get(sales, productId)?.units ?? 0) + quantity });
        }
      },
    });
  }
}
