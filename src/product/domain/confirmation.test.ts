import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OrderId, PaymentId, ProductOptionId } from '../../kernel/ids.js';
import { decideConfirmations } from './confirmation.js';
import type { Hold, HoldState } from './stock.js';

const hold = (orderId: number, productOptionId: number, facts: Partial<Hold> = {}): Hold => ({
  orderId: orderId as OrderId,
  productOptionId: productOptionId as ProductOptionId,
  quantity: 2,
  state: 'HELD',
  expired: false,
  ...facts,
});

const pays = (paymentId: number, orderId: number) => ({ paymentId: paymentId as PaymentId, orderId: orderId as OrderId });

test('an order whose holds are all live is confirmed, and the decision says exactly which', () => {
  expect(decideConfirmations([hold(1, 10), hold(1, 11, { quantity: 3 }), hold(2, 10)], [pays(5, 1)])).toEqual([
    {
      ok: true,
      value: {
        paymentId: 5,
        orderId: 1,
        lines: [
          { productOptionId: 10, quantity: 2 },
          { productOptionId: 11, quantity: 3 },
        ],
      },
    },
  ]);
});

describe('an order is refused whole', () => {
  test('when nothing was ever held for it', () => {
    expect(decideConfirmations([], [pays(5, 1)])).toMatchObject([{ refusal: { code: 'HOLD_EXPIRED' } }]);
  });

  test('when one of its holds has expired', () => {
    expect(decideConfirmations([hold(1, 10), hold(1, 11, { expired: true })], [pays(5, 1)])).toMatchObject([
      { refusal: { code: 'HOLD_EXPIRED' } },
    ]);
  });

  test.each<HoldState>(['RELEASED', 'CONFIRMED', 'RETURNED'])('when one of its holds is %s', (state) => {
    expect(decideConfirmations([hold(1, 10), hold(1, 11, { state })], [pays(5, 1)])).toMatchObject([{ refusal: { code: 'HOLD_EXPIRED' } }]);
  });
});

test('of two payments of one order in a batch only the first gets the holds', () => {
  expect(decideConfirmations([hold(1, 10)], [pays(5, 1), pays(6, 1)])).toMatchObject([
    { ok: true, value: { paymentId: 5 } },
    { ok: false },
  ]);
});

test('one refusal changes nothing for its neighbours: a batch decides as its payments alone would', () => {
  const states = fc.constantFrom<HoldState>('HELD', 'HELD', 'HELD', 'CONFIRMED', 'RELEASED');
  const holds = fc
    .uniqueArray(fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 3 }), states, fc.boolean()), { selector: ([order, id]) => `${order} ${id}` })
    .map((each) => each.map(([order, id, state, expired]) => hold(order, id, { state, expired })));
  const orders = fc.uniqueArray(fc.nat({ max: 5 }));
  fc.assert(
    fc.property(holds, orders, (existing, ids) => {
      const requests = ids.map((id) => pays(100 + id, id));
      expect(decideConfirmations(existing, requests)).toEqual(requests.flatMap((request) => decideConfirmations(existing, [request])));
    }),
  );
});
