import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../kernel/transaction.js';
import { StockRepository } from '../domain/stock.repository.js';
import { ChangedAvailability } from './changed-availability.js';

/** So that the order's own expiry usually comes first. */
const GRACE_SECONDS = 5;
const HOLDS_PER_ROUND_MAX = 500;

/**
 * Frees holds that have expired, whatever became of their orders: a crash between reservation and order leaks nothing.
 *
 * The orders are looked up before their options are locked, because locking holds first would be the wrong order (S1).
 * That is safe: an expiry never moves, and what was confirmed meanwhile is not HELD any more.
 */
@Injectable()
export class ReleaseExpiredHoldsUseCase {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly stock: StockRepository,
    private readonly changed: ChangedAvailability,
  ) {}

  /** Does one bounded round. @returns true when more may be waiting. */
  execute(): Promise<boolean> {
    return this.unitOfWork.run(async (tx) => {
      const orders = await this.stock.ordersOfExpiredHolds(tx, GRACE_SECONDS, HOLDS_PER_ROUND_MAX);
      if (orders.length === 0) return false;
      this.changed.mark(tx, await this.stock.release(tx, orders));
      return true;
    }, 'product.release-expired-holds');
  }
}
