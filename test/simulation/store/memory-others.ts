import type { OrderId } from '../../../src/kernel/ids.js';
import { DataPlatform, type HandOver, type PaidOrderEvent } from '../../../src/order/application/data-platform.port.js';
import { PAYMENT_LOCK_TTL_MS, PaymentLock } from '../../../src/order/application/payment-lock.port.js';
import type { Context } from '../scheduler.js';
import type { MemoryDatabase } from './memory-database.js';
import type { ShopTables } from './shop-tables.js';
import { lockOf } from './table.js';

/** Shorter than in the shop, like all periods here. */
const LOCK_TTL_MS = PAYMENT_LOCK_TTL_MS / 5;

/** A lock that processes share, as with Redis: harder on the payments than one that only a single process sees. */
export class MemoryPaymentLock extends PaymentLock {
  private static tokens = 0;

  constructor(
    private readonly database: MemoryDatabase,
    private readonly tables: ShopTables,
    private readonly context: Context,
  ) {
    super();
  }

  override async tryAcquire(orderId: OrderId): Promise<(() => Promise<void>) | null> {
    const { locks } = this.tables;
    const token = ++MemoryPaymentLock.tokens;
    const acquired = await this.database.alone('order', this.context, `lock payment:order:${orderId}`, (memory) => ({
      locks: () => [lockOf(locks, orderId)],
      run: () => {
        if ((memory.get(locks, orderId)?.untilMs ?? -Infinity) > memory.nowMs) return false;
        memory.put(locks, orderId, { token, untilMs: memory.nowMs + LOCK_TTL_MS });
        return true;
      },
    }));
    return acquired ? () => this.release(orderId, token) : null;
  }

  private release(orderId: OrderId, token: number): Promise<void> {
    const { locks } = this.tables;
    return this.database.alone('order', this.context, `unlock payment:order:${orderId}`, (memory) => ({
      locks: () => [lockOf(locks, orderId)],
      run: () => {
        if (memory.get(locks, orderId)?.token === token) memory.put(locks, orderId, { token, untilMs: -Infinity });
      },
    }));
  }
}

/** The external system: it has what it was sent, whatever becomes of the sender. */
export class MemoryDataPlatform extends DataPlatform {
  readonly adapter = 'memory';

  constructor(
    private readonly database: MemoryDatabase,
    private readonly tables: ShopTables,
    private readonly context: Context,
  ) {
    super();
  }

  override send(events: readonly PaidOrderEvent[]): Promise<HandOver> {
    const ids = events.map(({ id }) => id);
    const op = { kind: 'outside', label: `send ${ids.join(', ')}`, domain: 'data platform', context: this.context, tx: undefined } as const;
    return this.database.io.perform(op, () => {
      this.tables.dataPlatform.push(...ids);
      return { accepted: new Set(ids) };
    });
  }

  override present(): Promise<null> {
    return Promise.resolve(null);
  }
}
