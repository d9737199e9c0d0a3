import { Injectable } from '@nestjs/common';
import type { OrderId, ProductOptionId } from '../../../kernel/ids.js';
import { toJson } from '../../../kernel/money.js';
import type { Transaction } from '../../../kernel/transaction.js';
import type { AnswerOf, Received } from '../../../messaging/event.js';
import { OnEvent, type Outcome, done, refused } from '../../../messaging/listener.js';
import { SagaJournal } from '../../../messaging/saga-journal.js';
import { OrderPlacing } from '../../../order/application/events/order-placing.event.js';
import { type ReservedLine, decideReservations } from '../../domain/reservation.js';
import type { ShelfOption } from '../../domain/stock.js';
import { StockRepository } from '../../domain/stock.repository.js';
import { ChangedAvailability } from '../changed-availability.js';

type Placing = Received<typeof OrderPlacing>;
type Answer = AnswerOf<typeof OrderPlacing>;

const STEP = 'reserve-stock';

/** Sets the stock of new orders aside, all lines of an order or none, and answers names, prices and the end of the hold. */
@Injectable()
export class OnOrderPlacingListener {
  constructor(
    private readonly stock: StockRepository,
    private readonly journal: SagaJournal,
    private readonly changed: ChangedAvailability,
  ) {}

  @OnEvent(OrderPlacing, 'product.reserve-stock')
  reserveStock(tx: Transaction, placings: readonly Placing[]): Promise<Outcome<Answer>[]> {
    return this.journal.answerOnce(tx, STEP, placings, {
      sagaIdOf: ({ data }) => data.orderId,
      look: (all) => this.stock.lockOptions(tx, optionsOf(all)),
      act: (fresh, shelf) => this.reserve(tx, fresh, shelf),
    });
  }

  private async reserve(tx: Transaction, placings: readonly Placing[], shelf: readonly ShelfOption[]): Promise<Outcome<Answer>[]> {
    const orders = placings.map(({ data }) => ({ orderId: data.orderId as OrderId, lines: linesOf(data.items) }));
    const reservations = decideReservations(
      shelf,
      orders.map(({ lines }) => lines),
    );
    const reserved = orders.flatMap(({ orderId }, index) => {
      const reservation = reservations[index];
      return reservation?.ok ? reservation.value.map((line) => ({ orderId, ...line })) : [];
    });
    const expiresAt = await this.stock.hold(tx, reserved);

    this.changed.mark(
      tx,
      reserved.map(({ productId }) => productId),
    );
    return reservations.map((reservation) =>
      reservation.ok ? done(answerOf(reservation.value, expiresAt)) : refused(reservation.refusal),
    );
  }
}

const linesOf = (items: Placing['data']['items']) =>
  items.map(({ productOptionId, quantity }) => ({ productOptionId: productOptionId as ProductOptionId, quantity }));

const optionsOf = (placings: readonly Placing[]): ProductOptionId[] => [
  ...new Set(placings.flatMap(({ data }) => data.items.map(({ productOptionId }) => productOptionId as ProductOptionId))),
];

const answerOf = (lines: readonly ReservedLine[], expiresAt: Date): Answer => ({
  items: lines.map(({ price, ...line }) => ({ ...line, price: toJson(price) })),
  expiresAt: expiresAt.toISOString(),
});
