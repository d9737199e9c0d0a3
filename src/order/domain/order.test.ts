import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CouponId, OrderId, ProductId, ProductOptionId, UserId } from '../../kernel/ids.js';
import { MONEY_MAX, money } from '../../kernel/money.js';
import { type LockedOrder, type OrderStatus, TRANSITIONS, decideCancellation, decidePayment, mergeLines, placeOrder } from './order.js';

const option = (id: number): ProductOptionId => id as ProductOptionId;
const buyer = 7 as UserId;
const orderId = 1 as OrderId;
const order = (status: OrderStatus, pastDeadline = false): LockedOrder => ({
  id: orderId,
  userId: buyer,
  status,
  totalAmount: money(900),
  pastDeadline,
});
const request = { orderId, userId: buyer, couponId: null as CouponId | null };

describe('lines', () => {
  test('repeated lines of one option add up, whatever their order, and nothing is lost', () => {
    const lines = fc.array(
      fc.record({ productOptionId: fc.integer({ min: 1, max: 5 }).map(option), quantity: fc.integer({ min: 1, max: 1_000 }) }),
      {
        minLength: 1,
        maxLength: 50,
      },
    );
    fc.assert(
      fc.property(lines, (requested) => {
        const merged = mergeLines(requested);
        if (!merged.ok) throw new Error('refused');
        expect(new Set(merged.value.map(({ productOptionId }) => productOptionId)).size).toBe(merged.value.length);
        const pieces = (of: typeof requested): number => of.reduce((total, { quantity }) => total + quantity, 0);
        expect(pieces([...merged.value])).toBe(pieces(requested));
      }),
    );
  });

  test('lines of one option that add up to more than a million are refused', () => {
    const merged = mergeLines([
      { productOptionId: option(1), quantity: 600_000 },
      { productOptionId: option(1), quantity: 400_001 },
    ]);
    expect(merged).toMatchObject({ ok: false, refusal: { code: 'VALIDATION_FAILED' } });
  });
});

describe('placing', () => {
  const line = (id: number, quantity: number, price = money(id * 100)) => ({
    productOptionId: option(id),
    productId: 1 as ProductId,
    name: `thing ${id}`,
    price,
    quantity,
  });

  test('an order keeps names and prices as they are now, and its total is the sum of its lines', () => {
    const placed = placeOrder({ id: orderId, userId: buyer, expiresAt: new Date(0), held: [line(1, 3), line(2, 2)] });
    expect(placed).toMatchObject({
      ok: true,
      value: { totalAmount: 700n, lines: [{ name: 'thing 1', subtotal: 300n }, { subtotal: 400n }] },
    });
  });

  test('a total that JSON cannot carry exactly is refused, not rounded', () => {
    expect(placeOrder({ id: orderId, userId: buyer, expiresAt: new Date(0), held: [line(1, 2, money(MONEY_MAX))] })).toMatchObject({
      ok: false,
      refusal: { code: 'VALIDATION_FAILED' },
    });
  });
});

describe('paying and cancelling', () => {
  test('a pending order in time may be paid; past its deadline it may not', () => {
    expect(decidePayment(order('PENDING'), request)).toMatchObject({ ok: true });
    expect(decidePayment(order('PENDING', true), request)).toMatchObject({ ok: false, refusal: { code: 'ORDER_EXPIRED' } });
  });

  test.for([
    ['PAYMENT_PROCESSING', 'PAYMENT_IN_PROGRESS'],
    ['PAID', 'ALREADY_PAID'],
    ['EXPIRED', 'ORDER_EXPIRED'],
    ['CANCELLED', 'ORDER_CANCELLED'],
  ] as const)('an order that is %s can be neither paid nor cancelled: %s', ([status, code]) => {
    expect(decidePayment(order(status), request)).toMatchObject({ ok: false, refusal: { code } });
    expect(decideCancellation(order(status), orderId, buyer)).toMatchObject({ ok: false, refusal: { code } });
  });

  test("somebody else's order does not exist, and neither does an unknown one", () => {
    const stranger = 8 as UserId;
    for (const known of [order('PENDING'), undefined]) {
      expect(decidePayment(known, { ...request, userId: stranger })).toMatchObject({ ok: false, refusal: { code: 'ORDER_NOT_FOUND' } });
      expect(decideCancellation(known, orderId, stranger)).toMatchObject({ ok: false, refusal: { code: 'ORDER_NOT_FOUND' } });
    }
  });

  test('the transition table lets an order leave only through payment, expiry or cancellation', () => {
    expect(TRANSITIONS.PENDING).toEqual(['PAYMENT_PROCESSING', 'EXPIRED', 'CANCELLED']);
    expect(TRANSITIONS.PAYMENT_PROCESSING).toEqual(['PAID', 'PENDING']);
  });
});
