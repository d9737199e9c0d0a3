import { Injectable } from '@nestjs/common';
import type { ProductId, ProductOptionId } from '../../../kernel/ids.js';
import { money } from '../../../kernel/money.js';
import type { Transaction } from '../../../kernel/transaction.js';
import type { Received } from '../../../messaging/event.js';
import { OnEvent } from '../../../messaging/listener.js';
import { ProductChanged } from '../../../product/application/events/product-changed.event.js';
import { type ProductCopy, latestRevisions } from '../../domain/product-copy.js';
import { ProductCopyRepository } from '../../domain/product-copy.repository.js';

/** Keeps the cart's copy of names, prices and availability; only a higher revision counts, so the order of arrival does not. */
@Injectable()
export class OnProductChangedListener {
  constructor(private readonly copies: ProductCopyRepository) {}

  @OnEvent(ProductChanged, 'cart.copy-product')
  copyProducts(tx: Transaction, events: readonly Received<typeof ProductChanged>[]): Promise<void> {
    return this.copies.replace(tx, latestRevisions(events.map(({ data }) => productCopy(data))));
  }
}

const productCopy = ({ productId, price, options, ...facts }: Received<typeof ProductChanged>['data']): ProductCopy => ({
  ...facts,
  productId: productId as ProductId,
  price: money(price),
  options: options.map((option) => ({ ...option, productOptionId: option.productOptionId as ProductOptionId })),
});
