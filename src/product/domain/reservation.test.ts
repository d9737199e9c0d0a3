import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProductId, ProductOptionId } from '../../kernel/ids.js';
import { money } from '../../kernel/money.js';
import { type Reservation, decideReservations } from './reservation.js';
import type { ShelfOption, StockLine } from './stock.js';

const option = (productOptionId: number, available: number, facts: Partial<ShelfOption> = {}): ShelfOption => ({
  productOptionId: productOptionId as ProductOptionId,
  productId: 7 as ProductId,
  name: `option ${productOptionId}`,
  price: money(100),
  onSale: true,
  available,
  ...facts,
});

const line = (productOptionId: number, quantity: number): StockLine => ({ productOptionId: productOptionId as ProductOptionId, quantity });
const decideOne = (shelf: readonly ShelfOption[], lines: readonly StockLine[]) => decideReservations(shelf, [lines])[0];

describe('one order', () => {
  test('gets every line with the name and price of the moment', () => {
    const shelf = [option(1, 5, { name: 'Linen shirt (blue)', price: money(2_900) }), option(2, 5)];
    expect(decideOne(shelf, [line(2, 1), line(1, 5)])).toEqual({
      ok: true,
      value: [
        { productOptionId: 2, quantity: 1, productId: 7, name: 'option 2', price: 100n },
        { productOptionId: 1, quantity: 5, productId: 7, name: 'Linen shirt (blue)', price: 2_900n },
      ],
    });
  });

  test('is refused whole when one line does not fit, and says which and by how much', () => {
    expect(decideOne([option(1, 5), option(2, 3)], [line(1, 1), line(2, 4)])).toMatchObject({
      refusal: { code: 'INSUFFICIENT_STOCK', details: { productOptionId: 2, requested: 4, available: 3 } },
    });
  });

  test('cannot get around the stock by repeating an option', () => {
    expect(decideOne([option(1, 5)], [line(1, 3), line(1, 3)])).toMatchObject({ refusal: { details: { requested: 6, available: 5 } } });
    expect(decideOne([option(1, 6)], [line(1, 3), line(1, 3)])).toMatchObject({ ok: true, value: [{ quantity: 6 }] });
  });

  test('is refused for an option that does not exist', () => {
    expect(decideOne([option(1, 5)], [line(9, 1)])).toMatchObject({
      refusal: { code: 'PRODUCT_NOT_FOUND', details: { productOptionId: 9 } },
    });
  });

  test('is refused for a product that is not on sale, however much of it there is', () => {
    expect(decideOne([option(1, 5, { onSale: false })], [line(1, 1)])).toMatchObject({
      refusal: { code: 'PRODUCT_NOT_ON_SALE', details: { productOptionId: 1 } },
    });
  });
});

describe('a batch of orders', () => {
  const shelves = fc
    .uniqueArray(fc.nat({ max: 5 }), { minLength: 1 })
    .chain((ids) =>
      fc.tuple(
        ...ids.map((id) =>
          fc.record({ available: fc.nat({ max: 20 }), onSale: fc.boolean() }).map((facts) => option(id, facts.available, facts)),
        ),
      ),
    );
  const batches = fc.array(
    fc.array(fc.record({ productOptionId: fc.nat({ max: 6 }), quantity: fc.integer({ min: 1, max: 10 }) }), { minLength: 1, maxLength: 6 }),
    { maxLength: 12 },
  ) as fc.Arbitrary<StockLine[][]>;

  test('never takes more of an option than there is', () => {
    fc.assert(
      fc.property(shelves, batches, (shelf, orders) => {
        const taken = takenBy(decideReservations(shelf, orders));
        for (const { productOptionId, available } of shelf) expect(taken.get(productOptionId) ?? 0).toBeLessThanOrEqual(available);
      }),
    );
  });

  test('gives an order all that it asked for or nothing', () => {
    fc.assert(
      fc.property(shelves, batches, (shelf, orders) => {
        const served = decideReservations(shelf, orders).map((reservation, index) => ({ reservation, asked: orders[index] ?? [] }));
        const given = served.flatMap(({ reservation, asked }) => (reservation.ok ? [{ asked, got: reservation.value }] : []));
        for (const { asked, got } of given) expect(quantities(got)).toEqual(quantities(asked));
      }),
    );
  });

  test('ends as if the orders had come one by one', () => {
    fc.assert(
      fc.property(shelves, batches, (shelf, orders) => {
        let left: readonly ShelfOption[] = shelf;
        const inSequence = orders.map((lines) => {
          const [reservation] = decideReservations(left, [lines]) as [Reservation];
          const taken = takenBy([reservation]);
          left = left.map((each) => ({ ...each, available: each.available - (taken.get(each.productOptionId) ?? 0) }));
          return reservation;
        });
        expect(decideReservations(shelf, orders)).toEqual(inSequence);
      }),
    );
  });

  test('serves the smaller order that follows a refused one', () => {
    const decisions = decideReservations([option(1, 5)], [[line(1, 4)], [line(1, 2)], [line(1, 1)]]);
    expect(decisions.map(({ ok }) => ok)).toEqual([true, false, true]);
  });
});

const takenBy = (reservations: readonly Reservation[]) => quantities(reservations.flatMap((each) => (each.ok ? each.value : [])));

function quantities(lines: readonly StockLine[]): Map<ProductOptionId, number> {
  const sums = new Map<ProductOptionId, number>();
  for (const { productOptionId, quantity } of lines) sums.set(productOptionId, (sums.get(productOptionId) ?? 0) + quantity);
  return sums;
}
