import type { Money } from '../../kernel/money.js';
import type { RetailLine } from './retail-line.js';

/** The most pieces that a line of an order may have, and the dearest piece, in pence. */
const QUANTITY_MAX = 1_000_000;
const PRICE_PENCE_MAX = 1_000_000_000n;

/** Postage, discounts, corrections, fees, samples, donations: bookkeeping of that shop, no goods. */
const NO_GOODS = new Set(['POST', 'DOT', 'C2', 'C3', 'D', 'M', 'B', 'S', 'BANK CHARGES', 'AMAZONFEE', 'CRUK', 'ADJUST', 'ADJUST2']);

/** Why a line is not sold again, first match first. */
export const SKIP_REASONS = {
  cancellation: 'cancellation invoice (C…)',
  'no-goods': 'no goods',
  quantity: 'quantity not positive',
  price: 'price zero or negative',
  fraction: 'price no whole number of pence',
  limit: 'beyond what the shop can sell',
} as const;

export type SkipReason = keyof typeof SKIP_REASONS;

/** The line as a sale, or why it is none. */
export function saleOrSkip(line: RetailLine): SkipReason | (RetailLine & { readonly price: Money }) {
  const { invoiceNo, stockCode, quantity, price } = line;
  if (/^c/i.test(invoiceNo)) return 'cancellation';
  if (NO_GOODS.has(stockCode.toUpperCase())) return 'no-goods';
  if (quantity <= 0) return 'quantity';
  if (price === null) return 'fraction';
  if (price <= 0n) return 'price';
  if (quantity > QUANTITY_MAX || price > PRICE_PENCE_MAX) return 'limit';
  return { ...line, price };
}
