import { DataPlatformAcks } from '../../../src/order/application/data-platform-acks.port.js';
import type { PaidOrderEvent } from '../../../src/order/application/data-platform.port.js';
import type { Context } from '../scheduler.js';
import type { MemoryDatabase } from './memory-database.js';
import type { ShopTables } from './shop-tables.js';
import { lockOf } from './table.js';

/** The statements of `PgDataPlatformAcks` that a listener runs. Nobody reconciles here. */
export class MemoryDataPlatformAcks extends DataPlatformAcks {
  constructor(
    private readonly database: MemoryDatabase,
    private readonly tables: ShopTables,
    private readonly context: Context,
  ) {
    super();
  }

  override unacknowledged(_adapter: string, events: readonly PaidOrderEvent[]): Promise<readonly PaidOrderEvent[]> {
    const { acks } = this.tables;
    return this.database.look('order', this.context, 'acknowledged events', () => events.filter(({ id }) => !acks.rows.has(id)));
  }

  override record(adapter: string, events: readonly PaidOrderEvent[]): Promise<void> {
    const { acks } = this.tables;
    const ids = events.map(({ id }) => id).toSorted();
    return this.database.alone('order', this.context, `acknowledge ${ids.join(', ')}`, (memory) => ({
      locks: () => ids.map((id) => lockOf(acks, id)),
      run: () => ids.forEach((id) => memory.put(acks, id, { adapter })),
    }));
  }

  override idsPaidIn = (): Promise<never> => notHere();
  override paidIn = (): Promise<never> => notHere();
  override eventsOf = (): Promise<never> => notHere();
}

const notHere = (): Promise<never> => Promise.reject(new Error('nobody reconciles in the simulation'));
