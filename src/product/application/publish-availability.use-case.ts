import { Injectable } from '@nestjs/common';
import type { ProductOptionId } from '../../kernel/ids.js';
import { UnitOfWork } from '../../kernel/transaction.js';
import { ProductRepository } from '../domain/product.repository.js';
import { ChangedAvailability } from './changed-availability.js';
import { ProductPublication } from './product-publication.js';

const PRODUCTS_PER_ROUND_MAX = 200;
const SCANNED_OPTIONS_PER_ROUND_MAX = 2_000;

/**
 * Publishes products whose availability orders have changed. A product that sells all the time is published once a round,
 * not once an order.
 */
@Injectable()
export class PublishAvailabilityUseCase {
  /** The last option that the running scan has looked at; undefined when none is running. */
  private scannedTo: ProductOptionId | null | undefined;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly products: ProductRepository,
    private readonly publication: ProductPublication,
    private readonly changed: ChangedAvailability,
  ) {}

  /** Does one bounded round. @returns true when more is waiting. */
  async execute(): Promise<boolean> {
    if (this.scannedTo === undefined && this.changed.takeScan()) this.scannedTo = null;
    if (this.scannedTo !== undefined && this.changed.size < PRODUCTS_PER_ROUND_MAX) await this.scanOn(this.scannedTo);
    await this.publishNext();
    return this.changed.size > 0 || this.scannedTo !== undefined;
  }

  private async scanOn(after: ProductOptionId | null): Promise<void> {
    const page = await this.unitOfWork.run((tx) => this.products.stalePage(tx, after, SCANNED_OPTIONS_PER_ROUND_MAX));
    this.changed.add(page.productIds);
    this.scannedTo = page.lastOptionId ?? undefined;
  }

  private async publishNext(): Promise<void> {
    const taken = this.changed.take(PRODUCTS_PER_ROUND_MAX);
    if (taken.length === 0) return;
    try {
      await this.unitOfWork.run(async (tx) => {
        const stale = await this.products.stale(tx, taken);
        if (stale.length > 0) await this.publication.publish(tx, stale);
      }, 'product.publish-availability');
    } catch (fault) {
      this.changed.add(taken);
      throw fault;
    }
  }
}
