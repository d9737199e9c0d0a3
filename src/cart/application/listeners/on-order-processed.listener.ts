import { Injectable } from '@nestjs/common';
import type { ProductOptionId, UserId } from '../../../kernel/ids.js';
import type { Transaction } from '../../../kernel/transaction.js';
import type { Received } from '../../../messaging/event.js';
import { OnEvent } from '../../../messaging/listener.js';
import { OrderProcessed } from '../../../order/application/events/order-processed.event.js';
import { CartRepository } from '../../domain/cart.repository.js';
import { mergePurchases } from '../../domain/purchase.js';

/**
 * Takes what was paid for out of the buyer's cart: exactly the ordered quantity. So an order "from cart" leaves it empty,
 * but what came into the cart after the order was placed stays there. The cursor moves in the same transaction, so each
 * order counts once.
 */
@Injectable()
export class OnOrderProcessedListener {
  constructor(private readonly carts: CartRepository) {}

  @OnEvent(OrderProcessed, 'cart.empty-cart')
  emptyCarts(tx: Transaction, orders: readonly Received<typeof OrderProcessed>[]): Promise<void> {
    const purchases = orders.flatMap(({ data: { userId, items } }) =>
      items.map(({ productOptionId, quantity }) => ({
        userId: userId as UserId,
        productOptionId: productOptionId as ProductOptionId,
        quantity,
      })),
    );
    return this.carts.takeOut(tx, mergePurchases(purchases));
  }
}
