import { Injectable } from '@nestjs/common';
import type { ProductId } from '../../../kernel/ids.js';
import type { Transaction } from '../../../kernel/transaction.js';
import type { Received } from '../../../messaging/event.js';
import { OnEvent } from '../../../messaging/listener.js';
import { OrderProcessed } from '../../../order/application/events/order-processed.event.js';
import { SalesRankingRepository } from '../../domain/sales-ranking.repository.js';

/** Counts what paid orders sold. The cursor moves in the same transaction, so each order counts once. */
@Injectable()
export class OnOrderProcessedListener {
  constructor(private readonly ranking: SalesRankingRepository) {}

  @OnEvent(OrderProcessed, 'product.rank-sales')
  rankSales(tx: Transaction, orders: readonly Received<typeof OrderProcessed>[]): Promise<void> {
    const sales = orders.flatMap(({ data: { items, paidAt } }) =>
      items.map(({ productId, quantity }) => ({ productId: productId as ProductId, quantity, paidAt })),
    );
    return this.ranking.add(tx, sales);
  }
}
