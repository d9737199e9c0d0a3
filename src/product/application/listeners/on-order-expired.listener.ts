import { Injectable } from '@nestjs/common';
import type { OrderId } from '../../../kernel/ids.js';
import type { Transaction } from '../../../kernel/transaction.js';
import type { Received } from '../../../messaging/event.js';
import { OnEvent } from '../../../messaging/listener.js';
import { OrderExpired } from '../../../order/application/events/order-expired.event.js';
import { StockRepository } from '../../domain/stock.repository.js';
import { ChangedAvailability } from '../changed-availability.js';

/** Frees what an order held that nobody paid in time. The sweeper would do it too, only later. */
@Injectable()
export class OnOrderExpiredListener {
  constructor(
    private readonly stock: StockRepository,
    private readonly changed: ChangedAvailability,
  ) {}

  @OnEvent(OrderExpired, 'product.release-stock')
  async releaseStock(tx: Transaction, orders: readonly Received<typeof OrderExpired>[]): Promise<void> {
    const freed = await this.stock.release(
      tx,
      orders.map(({ data }) => data.orderId as OrderId),
    );
    this.changed.mark(tx, freed);
  }
}
