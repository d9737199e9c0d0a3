import { Injectable } from '@nestjs/common';
import type { OrderId } from '../../../kernel/ids.js';
import type { Transaction } from '../../../kernel/transaction.js';
import type { Received } from '../../../messaging/event.js';
import { OnEvent } from '../../../messaging/listener.js';
import { OrderCancelled } from '../../../order/application/events/order-cancelled.event.js';
import { StockRepository } from '../../domain/stock.repository.js';
import { ChangedAvailability } from '../changed-availability.js';

/** Frees what an order held that its customer does not want any more. */
@Injectable()
export class OnOrderCancelledListener {
  constructor(
    private readonly stock: StockRepository,
    private readonly changed: ChangedAvailability,
  ) {}

  @OnEvent(OrderCancelled, 'product.release-stock')
  async releaseStock(tx: Transaction, orders: readonly Received<typeof OrderCancelled>[]): Promise<void> {
    const freed = await this.stock.release(
      tx,
      orders.map(({ data }) => data.orderId as OrderId),
    );
    this.changed.mark(tx, freed);
  }
}
