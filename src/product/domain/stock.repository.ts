import type { OrderId, ProductId, ProductOptionId } from '../../kernel/ids.js';
import type { Transaction } from '../../kernel/transaction.js';
import type { Confirmation } from './confirmation.js';
import type { Hold, ShelfOption, StockLine } from './stock.js';

/** Stock to be set aside for an order. */
export interface NewHold extends StockLine {
  readonly orderId: OrderId;
}

/**
 * Options and the holds on them. Every method locks what it needs.
 *
 * S1: whoever changes an option or one of its holds has locked the option; options are locked in order of id. So holds
 *     need no locks of their own, and no two batches wait for each other in a circle.
 * S2: an option's numbers move by the holds that really changed state, in the same statement: reserved is always the sum
 *     of the live holds, and repeating a move has no effect.
 */
export abstract class StockRepository {
  /** Locks the options that exist and reads them. */
  abstract lockOptions(tx: Transaction, productOptionIds: readonly ProductOptionId[]): Promise<readonly ShelfOption[]>;

  /** Sets stock aside on locked options. @returns until when, by the database's clock. */
  abstract hold(tx: Transaction, holds: readonly NewHold[]): Promise<Date>;

  /** Locks the options on which orders have holds and reads these holds, whatever their state. */
  abstract lockHolds(tx: Transaction, orderIds: readonly OrderId[]): Promise<readonly Hold[]>;

  /** `HELD → CONFIRMED` after {@link lockHolds}: the pieces leave the stock. */
  abstract confirm(tx: Transaction, confirmations: readonly Confirmation[]): Promise<void>;

  /** `CONFIRMED → HELD`, of exactly these confirmations: the pieces are back in stock and set aside, until the old expiry. */
  abstract takeBack(tx: Transaction, confirmations: readonly Confirmation[]): Promise<void>;

  /** `HELD → RELEASED` of everything that these orders hold. @returns the products that have more available now. */
  abstract release(tx: Transaction, orderIds: readonly OrderId[]): Promise<readonly ProductId[]>;

  /** Orders with holds that expired more than `graceSeconds` ago, the oldest first. Locks nothing. */
  abstract ordersOfExpiredHolds(tx: Transaction, graceSeconds: number, holdsMax: number): Promise<readonly OrderId[]>;
}
