import { Injectable } from '@nestjs/common';
import type { ProductId } from '../../kernel/ids.js';
import { toJson } from '../../kernel/money.js';
import type { Transaction } from '../../kernel/transaction.js';
import { EventBus } from '../../messaging/event-bus.js';
import { ProductRepository } from '../domain/product.repository.js';
import { ProductChanged } from './events/product-changed.event.js';

/** Tells the other domains how products stand now, in the transaction that changed them. */
@Injectable()
export class ProductPublication {
  constructor(
    private readonly products: ProductRepository,
    private readonly bus: EventBus,
  ) {}

  async publish(tx: Transaction, productIds: readonly ProductId[]): Promise<void> {
    const revised = await this.products.revise(tx, productIds);
    const events = revised.map(({ price, options, ...product }) =>
      ProductChanged.of({ ...product, price: toJson(price), options: [...options] }),
    );
    await this.bus.emit(tx, ...events);
  }
}
