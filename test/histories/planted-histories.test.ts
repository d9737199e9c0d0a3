import { describe, expect, test } from 'vitest';
import { checkHistory } from './check-history.js';
import type { History, Operation, PlacedOrder, Recorded } from './history.js';

const SETTLED_AT = 1_000;
const USER = 1;
const OTHER = 2;
const coupon = { couponId: 7, discountRate: 50, quantity: 1 };
const order: PlacedOrder = { orderId: 1, userId: USER, totalAmount: 600, items: [{ productOptionId: 5, quantity: 6 }] };
const another: PlacedOrder = { ...order, orderId: 2 };

const one = (operation: Operation, from: number, to: number, status: number, body: object = {}): Recorded => ({
  client: from,
  operation,
  from,
  to,
  answer: { status, body, headers: new Headers() },
});
const unanswered = (operation: Operation, from: number): Recorded => ({ client: from, operation, from, to: Infinity, answer: null });

const charge = (amount: number): Operation => ({ kind: 'charge', userId: USER, amount });
const pay = (of: PlacedOrder, withCoupon = false): Operation => ({
  kind: 'pay',
  order: of,
  coupon: withCoupon ? coupon : null,
  respondAsync: false,
});
const place: Operation = { kind: 'place', userId: USER, lines: order.items };
const issueTo = (userId: number): Operation => ({ kind: 'issue', userId, coupon });
const balance = (amount: number, from: number, to: number) =>
  one({ kind: 'read-balance', userId: USER }, from, to, 200, { balance: amount });
const shelf = (stock: number, available: number, from: number, to: number) =>
  one({ kind: 'read-product', productId: 3 }, from, to, 200, { options: [{ productOptionId: 5, stock, available }] });
const status = (of: PlacedOrder, is: string, from: number, to: number, finalAmount: number | null = null) =>
  one({ kind: 'read-order', order: of }, from, to, 200, { status: is, finalAmount, couponId: null });
const admitted = (admission: number) => ({ admission, remainingQuantity: 1 - admission });
const paid = (remainingBalance: number, paidAmount = 600) => ({ paidAmount, remainingBalance });
const poor = { code: 'INSUFFICIENT_BALANCE', required: 600, balance: 100 };

function violationsOf(records: readonly Recorded[], initialBalance = 1_000): readonly string[] {
  const products = [{ productId: 3, options: [{ id: 5, stock: 10 }] }];
  const history: History = { records, products, userIds: [USER, OTHER], initialBalance, settledAt: SETTLED_AT };
  return checkHistory(history).violations;
}

describe('a shop that keeps its promises is believed', () => {
  test.for<[string, Recorded[], number?]>([
    [
      'a payment from placing to PAID',
      [
        one(place, 1, 2, 201, order),
        one(pay(order), 3, 9, 200, paid(400)),
        status(order, 'PAYMENT_PROCESSING', 5, 6),
        shelf(10, 4, 4, 5),
        shelf(4, 4, 10, 11),
        balance(400, 10, 12),
        status(order, 'PAID', 1_001, 1_002, 600),
      ],
    ],
    [
      'what a refused payment did is seen while it is under way',
      [
        one(place, 1, 2, 201, order),
        one(pay(order), 3, 20, 422, poor),
        shelf(4, 4, 5, 6),
        shelf(10, 4, 7, 8),
        status(order, 'PENDING', 21, 22),
      ],
      100,
    ],
    ['a charge without an answer that was made', [unanswered(charge(50), 1), balance(1_000, 2, 3), balance(1_050, 4, 5)]],
    ['a charge without an answer that was not made', [unanswered(charge(50), 1), balance(1_000, 1_001, 1_002)]],
    [
      'a payment without an answer that was made',
      [
        one(place, 1, 2, 201, order),
        unanswered(pay(order), 3),
        status(order, 'PAID', 1_001, 1_002, 600),
        balance(400, 1_003, 1_004),
        shelf(4, 4, 1_005, 1_006),
      ],
    ],
    ['an order without an answer that holds nothing', [unanswered(place, 1), shelf(10, 10, 1_001, 1_002)]],
    [
      'an order that is cancelled, and whose stock is free a little later',
      [one(place, 1, 2, 201, order), one({ kind: 'cancel', order }, 3, 4, 200), shelf(10, 4, 5, 6), shelf(10, 10, 1_001, 1_002)],
    ],
    [
      'the first of two customers gets the last coupon',
      [one(issueTo(USER), 1, 5, 201, admitted(1)), one(issueTo(OTHER), 2, 4, 422, { code: 'COUPON_SOLD_OUT' })],
    ],
  ])('%s', ([, records, initialBalance]) => {
    expect(violationsOf(records, initialBalance)).toEqual([]);
  });
});

describe('a shop that does not is found out', () => {
  test.for<[string, string, Recorded[], number?]>([
    ['a stale balance', 'the balance of user 1', [one(charge(50), 1, 2, 201, { balance: 1_050 }), balance(1_000, 3, 4)]],
    [
      'a lost update',
      'the balance of user 1',
      [one(charge(50), 1, 5, 201, { balance: 1_050 }), one(charge(70), 2, 6, 201, { balance: 1_070 })],
    ],
    [
      'the same money spent twice',
      'the balance of user 1',
      [one(pay(order), 1, 5, 200, paid(400)), one(pay(another), 2, 6, 200, paid(400))],
    ],
    ['an order charged twice', 'order 1', [one(pay(order), 1, 5, 200, paid(400)), one(pay(order), 6, 9, 200, paid(-200))]],
    [
      'a payment without an answer that is charged, and the order not paid',
      'the balance of user 1',
      [unanswered(pay(order), 1), status(order, 'PENDING', 1_001, 1_002), balance(400, 1_003, 1_004)],
    ],
    ['a refusal by a balance that would have done', 'the balance of user 1', [one(pay(order), 1, 5, 422, { ...poor, balance: 700 })], 700],
    ['more sold than there is', 'available of option 5', [one(place, 1, 5, 201, order), one(place, 2, 6, 201, another)]],
    [
      'a refused order that holds stock',
      'available of option 5',
      [one(place, 1, 2, 422, { code: 'INSUFFICIENT_STOCK', productOptionId: 5, requested: 60, available: 10 }), shelf(10, 4, 3, 4)],
    ],
    [
      'stock that stays sold after a refusal',
      'the stock of option 5',
      [one(place, 1, 2, 201, order), one(pay(order), 3, 5, 422, poor), shelf(4, 4, 6, 7)],
      100,
    ],
    [
      'stock that stays held after a cancellation',
      'available of option 5',
      [one(place, 1, 2, 201, order), one({ kind: 'cancel', order }, 3, 4, 200), shelf(10, 4, 1_001, 1_002)],
    ],
    ['one admission given twice', 'coupon 7', [one(issueTo(USER), 1, 5, 201, admitted(1)), one(issueTo(OTHER), 2, 4, 201, admitted(1))]],
    [
      'one coupon more than there are',
      'coupon 7',
      [one(issueTo(USER), 1, 2, 201, admitted(1)), one(issueTo(OTHER), 3, 4, 201, admitted(2))],
    ],
    [
      'sold out, and then not',
      'coupon 7',
      [one(issueTo(OTHER), 1, 2, 422, { code: 'COUPON_SOLD_OUT' }), one(issueTo(USER), 3, 4, 201, admitted(1))],
    ],
    [
      'a coupon used twice',
      'coupon 7 of user 1',
      [
        one(issueTo(USER), 1, 2, 201, admitted(1)),
        one(pay(order, true), 3, 4, 200, paid(700, 300)),
        one(pay(another, true), 5, 6, 200, paid(400, 300)),
      ],
    ],
    ['a wrong price', 'order 1', [one(pay(order), 1, 5, 200, paid(400, 599))]],
    ['an order that leaves a final state', 'order 1', [one({ kind: 'cancel', order }, 1, 2, 200), status(order, 'PENDING', 3, 4)]],
    ['a payment in progress that nobody makes', 'order 1', [one(pay(order), 1, 5, 409, { code: 'PAYMENT_IN_PROGRESS' })]],
    [
      'something in the cart that nobody put there',
      'option 5 in the cart of user 1',
      [one({ kind: 'read-cart', userId: USER }, 1, 2, 200, { items: order.items })],
    ],
    ['an answer that the shop should not give', 'an unexpected answer', [one(charge(50), 1, 2, 500, { code: 'INTERNAL' })]],
  ])('%s', ([, where, records, initialBalance]) => {
    expect(violationsOf(records, initialBalance)).toEqual(expect.arrayContaining([expect.stringContaining(where)]));
  });
});
