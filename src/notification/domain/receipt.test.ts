import { expect, test } from 'vitest';
import type { OrderId, PaymentId, UserId } from '../../kernel/ids.js';
import { receiptText } from './receipt.js';

const paid = (finalAmount: number, currency: string) => ({
  orderId: 17 as OrderId,
  paymentId: 4 as PaymentId,
  userId: 2 as UserId,
  items: [
    { name: 'Linen shirt (blue, M)', price: 20_000, quantity: 2, subtotal: 40_000 },
    { name: 'Belt', price: 5_000, quantity: 1, subtotal: 5_000 },
  ],
  totalAmount: finalAmount,
  discountAmount: 0,
  finalAmount,
  currency,
  paidAt: '2026-11-22T10:00:00.000Z',
});

test('a receipt reads as a sentence', () => {
  expect(receiptText(paid(45_000, 'KRW'))).toBe('Thank you. You paid ₩45,000 for order 17: 2 × Linen shirt (blue, M), 1 × Belt.');
});

test.each([
  [123_456, 'GBP', '£1,234.56'],
  [5, 'GBP', '£0.05'],
  [1_234, 'KWD', 'KWD\u00A01.234'],
  [Number.MAX_SAFE_INTEGER, 'GBP', '£90,071,992,547,409.91'],
])('%i of %s in the minor unit are %s', (amount, currency, text) => {
  expect(receiptText(paid(amount, currency))).toContain(` ${text} `);
});
