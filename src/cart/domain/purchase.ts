import type { ProductOptionId, UserId } from '../../kernel/ids.js';

/** What one customer has bought of one option, and so no longer needs in the cart. */
export interface Purchase {
  readonly userId: UserId;
  readonly productOptionId: ProductOptionId;
  readonly quantity: number;
}

/** Adds purchases of one customer and option up, in the order in which they first appear: a batch changes each item once. */
export function mergePurchases(purchases: readonly Purchase[]): Purchase[] {
  const merged = new Map<string, Purchase>();
  for (const purchase of purchases) {
    const key = `${purchase.userId}:${purchase.productOptionId}`;
    merged.set(key, { ...purchase, quantity: purchase.quantity + (merged.get(key)?.quantity ?? 0) });
  }
  return [...merged.values()];
}
