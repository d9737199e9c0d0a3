import { Injectable } from '@nestjs/common';
import type { ProductId } from '../../kernel/ids.js';
import type { Transaction } from '../../kernel/transaction.js';

const PRODUCTS_MAX = 10_000;

/**
 * Which products have more or fewer pieces available than other domains were told: a note in memory, so that orders never
 * wait for the telling. A crash loses it, too many products overflow it; in both cases a scan of all products finds them.
 */
@Injectable()
export class ChangedAvailability {
  private readonly products = new Set<ProductId>();
  /** The scan that follows a start, too. */
  private scanIsDue = true;

  /** Takes effect if the transaction commits. */
  mark(tx: Transaction, productIds: readonly ProductId[]): void {
    if (productIds.length > 0) tx.afterCommit(() => this.add(productIds));
  }

  add(productIds: readonly ProductId[]): void {
    for (const productId of productIds) {
      if (this.products.size < PRODUCTS_MAX) this.products.add(productId);
      else this.scanIsDue = true;
    }
  }

  /** Hands over the first ones, at most `productsMax`. */
  take(productsMax: number): ProductId[] {
    const taken = [...this.products.values().take(productsMax)];
    for (const productId of taken) this.products.delete(productId);
    return taken;
  }

  /** Whether a scan of all products is due; asking takes the task over. */
  takeScan(): boolean {
    const due = this.scanIsDue;
    this.scanIsDue = false;
    return due;
  }

  get size(): number {
    return this.products.size;
  }
}
