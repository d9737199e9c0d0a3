import { Injectable } from '@nestjs/common';
import type { UserId } from '../../../kernel/ids.js';
import type { Transaction } from '../../../kernel/transaction.js';
import type { AnswerOf, Received } from '../../../messaging/event.js';
import { OnEvent, type Outcome, done, refused } from '../../../messaging/listener.js';
import { OrderCollecting } from '../../../order/application/events/order-collecting.event.js';
import { CartQueries } from '../cart-queries.port.js';

const EMPTY_CART = { code: 'EMPTY_CART', message: 'the cart is empty: put something into it first' };

/** Answers what a customer's cart holds. It changes nothing, so a repeated request needs no memory of the first. */
@Injectable()
export class OnOrderCollectingListener {
  constructor(private readonly carts: CartQueries) {}

  @OnEvent(OrderCollecting, 'cart.list-lines')
  async listLines(
    tx: Transaction,
    events: readonly Received<typeof OrderCollecting>[],
  ): Promise<Outcome<AnswerOf<typeof OrderCollecting>>[]> {
    const lines = await this.carts.linesOf(
      tx,
      events.map(({ data }) => data.userId as UserId),
    );
    const byUser = Map.groupBy(lines, ({ userId }) => userId);
    return events.map(({ data }) => {
      const items = byUser.get(data.userId as UserId) ?? [];
      return items.length === 0
        ? refused(EMPTY_CART)
        : done({ items: items.map(({ productOptionId, quantity }) => ({ productOptionId, quantity })) });
    });
  }
}
