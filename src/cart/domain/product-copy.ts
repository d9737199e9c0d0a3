import type { ProductId, ProductOptionId } from '../../kernel/ids.js';
import type { Money } from '../../kernel/money.js';

/** A product with all of its options, as it stood at a revision. */
export interface ProductCopy {
  readonly productId: ProductId;
  readonly revision: number;
  readonly name: string;
  readonly price: Money;
  readonly onSale: boolean;
  readonly options: readonly CopiedOption[];
}

interface CopiedOption {
  readonly productOptionId: ProductOptionId;
  readonly name: string;
  readonly available: number;
}

/** The highest revision of each product: a batch may tell of one product several times, and a row is written once. */
export function latestRevisions(copies: readonly ProductCopy[]): ProductCopy[] {
  const latest = new Map<ProductId, ProductCopy>();
  for (const copy of copies) {
    const known = latest.get(copy.productId);
    if (!known || copy.revision > known.revision) latest.set(copy.productId, copy);
  }
  return [...latest.values()];
}
