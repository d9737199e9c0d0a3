import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CartItemId, ProductId, ProductOptionId } from '../../kernel/ids.js';
import { MONEY_MAX, money } from '../../kernel/money.js';
import {
  CART_ITEMS_MAX,
  type CartItem,
  type CartState,
  decideAddition,
  decideQuantity,
  ITEM_QUANTITY_MAX,
  type OfferedOption,
  priceCart,
} from './cart.js';

const OPTION_ID = 7 as ProductOptionId;

const shirt = (changes: Partial<OfferedOption> = {}): OfferedOption => ({
  productOptionId: OPTION_ID,
  productId: 3 as ProductId,
  name: 'Linen shirt',
  optionName: 'blue',
  price: money(2_500),
  onSale: true,
  available: 10,
  ...changes,
});
const cart = (changes: Partial<CartState> = {}): CartState => ({ lines: 0, othersAmount: 0n, option: shirt(), quantity: 0, ...changes });
const codeOf = (result: ReturnType<typeof decideAddition>): string => (result.ok ? 'OK' : result.refusal.code);

const price = fc.oneof(fc.bigInt(0n, 1_000_000_000n), fc.bigInt(0n, MONEY_MAX)).map(money);
const quantity = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: ITEM_QUANTITY_MAX }));
const offered = fc
  .record({ price, onSale: fc.boolean(), available: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.maxSafeNat()) })
  .map((facts) => shirt(facts));
const state: fc.Arbitrary<CartState> = fc.record({
  lines: fc.integer({ min: 0, max: CART_ITEMS_MAX }),
  othersAmount: fc.bigInt(0n, MONEY_MAX * 2n),
  option: offered,
  quantity: fc.oneof(fc.constant(0), quantity),
});

describe('adding', () => {
  test('the same option adds up', () => {
    expect(decideAddition(cart({ quantity: 3, lines: 1 }), OPTION_ID, 4)).toMatchObject({ ok: true, value: { quantity: 7 } });
  });

  test('what the cart has counts against what is available', () => {
    expect(decideAddition(cart({ quantity: 3, lines: 1 }), OPTION_ID, 8)).toEqual({
      ok: false,
      refusal: {
        code: 'INSUFFICIENT_STOCK',
        message: 'the cart would hold 11 of Linen shirt (blue), 10 are available',
        details: { productOptionId: 7, requested: 11, inCart: 3, available: 10 },
      },
    });
  });

  test('an unknown option and a product that is not on sale are refused', () => {
    expect(codeOf(decideAddition(cart({ option: undefined }), OPTION_ID, 1))).toBe('PRODUCT_NOT_FOUND');
    expect(codeOf(decideAddition(cart({ option: shirt({ onSale: false }) }), OPTION_ID, 1))).toBe('PRODUCT_NOT_ON_SALE');
  });

  test('a full cart takes no further option, but more of one that it has', () => {
    expect(codeOf(decideAddition(cart({ lines: CART_ITEMS_MAX }), OPTION_ID, 1))).toBe('CART_FULL');
    expect(codeOf(decideAddition(cart({ lines: CART_ITEMS_MAX, quantity: 1 }), OPTION_ID, 1))).toBe('OK');
    expect(codeOf(decideAddition(cart({ lines: CART_ITEMS_MAX - 1 }), OPTION_ID, 1))).toBe('OK');
  });

  test('the refusal of too many or too dear names the field', () => {
    const plenty = shirt({ available: ITEM_QUANTITY_MAX * 2 });
    const tooMany = decideAddition(cart({ option: plenty, quantity: ITEM_QUANTITY_MAX, lines: 1 }), OPTION_ID, 1);
    const tooDear = decideAddition(cart({ othersAmount: MONEY_MAX }), OPTION_ID, 1);
    for (const result of [tooMany, tooDear]) {
      expect(result).toMatchObject({ ok: false, refusal: { code: 'VALIDATION_FAILED', details: { errors: [{ path: 'quantity' }] } } });
    }
  });

  test('whatever is admitted is on sale, available, within the bounds, and its amount exact', () => {
    fc.assert(
      fc.property(state, quantity, (before, more) => {
        const decided = decideAddition(before, OPTION_ID, more);
        if (!decided.ok) return;
        const { option } = decided.value;
        expect(decided.value.quantity).toBe(before.quantity + more);
        expect(option.onSale).toBe(true);
        expect(decided.value.quantity).toBeLessThanOrEqual(Math.min(option.available, ITEM_QUANTITY_MAX));
        expect(before.quantity > 0 || before.lines < CART_ITEMS_MAX).toBe(true);
        expect(option.price * BigInt(decided.value.quantity) + before.othersAmount <= MONEY_MAX).toBe(true);
      }),
    );
  });

  test('additions in turn come to the same as one of their sum, and never go beyond what is available', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }), fc.integer({ min: 0, max: 40 }), (additions, available) => {
        const option = shirt({ available });
        const held = additions.reduce((quantityHeld, more) => {
          const decided = decideAddition(cart({ option, quantity: quantityHeld, lines: quantityHeld > 0 ? 1 : 0 }), OPTION_ID, more);
          expect(decided.ok).toBe(quantityHeld + more <= available);
          return decided.ok ? decided.value.quantity : quantityHeld;
        }, 0);
        const sum = additions.reduce((pieces, more) => pieces + more, 0);
        expect(held).toBeLessThanOrEqual(available);
        expect(held === sum).toBe(sum <= available);
      }),
    );
  });
});

test('setting a quantity follows the rules of adding it to a cart without the item', () => {
  fc.assert(
    fc.property(state, quantity, ({ option, othersAmount }, wanted) => {
      const set = decideQuantity(option as OfferedOption, wanted, { quantity: 0, othersAmount });
      expect(set).toEqual(decideAddition({ option, othersAmount, quantity: 0, lines: 0 }, OPTION_ID, wanted));
    }),
  );
});

describe('a cart as it is shown', () => {
  const item = (changes: Partial<CartItem> = {}): CartItem => ({ ...shirt(), cartItemId: 1 as CartItemId, quantity: 2, ...changes });

  test('has subtotals and their total', () => {
    const priced = priceCart([item(), item({ price: money(199), quantity: 3 })]);
    expect(priced).toMatchObject({ ok: true, value: { items: [{ subtotal: 5_000n }, { subtotal: 597n }], totalAmount: 5_597n } });
    expect(priceCart([])).toEqual({ ok: true, value: { items: [], totalAmount: 0n } });
  });

  test('says which items could not be ordered as they stand', () => {
    const priced = priceCart([item(), item({ available: 1 }), item({ onSale: false, available: 0 }), item({ available: 2 })]);
    const problems = priced.ok ? priced.value.items.map(({ problem }) => problem) : [];
    expect(problems).toEqual([null, 'INSUFFICIENT_STOCK', 'PRODUCT_NOT_ON_SALE', null]);
  });

  test('has a total that is the exact sum, or is refused, whatever prices have risen to', () => {
    const items = fc.array(
      fc.tuple(offered, quantity).map(([option, held]) => ({ ...option, cartItemId: 1 as CartItemId, quantity: held })),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(items, (held) => {
        const sum = held.reduce((total, each) => total + BigInt(each.price) * BigInt(each.quantity), 0n);
        const priced = priceCart(held);
        expect(priced).toMatchObject(
          sum > MONEY_MAX ? { ok: false, refusal: { code: 'VALIDATION_FAILED' } } : { ok: true, value: { totalAmount: sum } },
        );
      }),
    );
  });
});
