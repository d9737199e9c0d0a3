import type { CartItemId, ProductId, ProductOptionId } from '../../kernel/ids.js';
import { MONEY_MAX, type Money, money } from '../../kernel/money.js';
import { type Refusal, type Result, ok, refuse } from '../../kernel/result.js';

export const CART_ITEMS_MAX = 500;
export const ITEM_QUANTITY_MAX = 1_000_000;

/** An option as the product domain last told of it. */
export interface OfferedOption {
  readonly productOptionId: ProductOptionId;
  readonly productId: ProductId;
  readonly name: string;
  readonly optionName: string;
  readonly price: Money;
  readonly onSale: boolean;
  readonly available: number;
}

export interface CartItem extends OfferedOption {
  readonly cartItemId: CartItemId;
  readonly quantity: number;
}

/** The locked cart of one customer, as far as a change of one option needs it. */
export interface CartState {
  /** How many items the cart has. */
  readonly lines: number;
  /** What the items of all other options cost. Prices may have risen beyond what is exact, so this is no {@link Money}. */
  readonly othersAmount: bigint;
  /** Undefined when the product domain never told of the option. */
  readonly option: OfferedOption | undefined;
  /** What the cart holds of the option; 0 when nothing. */
  readonly quantity: number;
}

export type CartRefusal = Refusal<'PRODUCT_NOT_FOUND' | 'PRODUCT_NOT_ON_SALE' | 'INSUFFICIENT_STOCK' | 'CART_FULL' | 'VALIDATION_FAILED'>;

/** How much of one option is to stand in the cart. */
export interface DecidedLine {
  readonly option: OfferedOption;
  readonly quantity: number;
}

/** Puts `quantity` more of an option into the cart: the same option adds up. */
export function decideAddition(state: CartState, productOptionId: ProductOptionId, quantity: number): Result<DecidedLine, CartRefusal> {
  if (!state.option) return refuse('PRODUCT_NOT_FOUND', `there is no product option ${productOptionId}`, { productOptionId });
  if (state.quantity === 0 && state.lines >= CART_ITEMS_MAX) {
    return refuse('CART_FULL', `a cart holds at most ${CART_ITEMS_MAX} items: remove one first`, { itemsMax: CART_ITEMS_MAX });
  }
  return decideQuantity(state.option, state.quantity + quantity, state);
}

/** Sets the quantity of an option in the cart, by the same rules as an addition. */
export function decideQuantity(
  option: OfferedOption,
  quantity: number,
  { quantity: inCart, othersAmount }: Pick<CartState, 'quantity' | 'othersAmount'>,
): Result<DecidedLine, CartRefusal> {
  const { productOptionId, available } = option;
  if (!option.onSale) return refuse('PRODUCT_NOT_ON_SALE', `${option.name} is not on sale`, { productOptionId });
  if (quantity > available) {
    return refuse('INSUFFICIENT_STOCK', `the cart would hold ${quantity} of ${nameOf(option)}, ${available} are available`, {
      productOptionId,
      requested: quantity,
      inCart,
      available,
    });
  }
  if (quantity > ITEM_QUANTITY_MAX) return invalid('quantity', `a cart holds at most ${ITEM_QUANTITY_MAX} of one option: it has ${inCart}`);
  if (amountOf(option, quantity) + othersAmount > MONEY_MAX) return invalid('quantity', TOO_LARGE);
  return ok({ option, quantity });
}

/** A cart as it is shown: what it would cost now, and which items could not be ordered as they stand. */
export interface PricedCart {
  readonly items: readonly PricedItem[];
  readonly totalAmount: Money;
}

export interface PricedItem extends CartItem {
  readonly subtotal: Money;
  /** Why an order of this item would be refused now; null when it would not. */
  readonly problem: 'PRODUCT_NOT_ON_SALE' | 'INSUFFICIENT_STOCK' | null;
}

/** Refuses with VALIDATION_FAILED when prices have risen until the total is no longer exact as a JSON number. */
export function priceCart(items: readonly CartItem[]): Result<PricedCart, CartRefusal> {
  const total = items.reduce((amount, item) => amount + amountOf(item, item.quantity), 0n);
  if (total > MONEY_MAX) return invalid('items', TOO_LARGE);
  return ok({ items: items.map(priceItem), totalAmount: money(total) });
}

/** @throws RangeError when the subtotal is not exact; {@link decideQuantity} and {@link priceCart} see to it that it is. */
export const priceItem = (item: CartItem): PricedItem => ({
  ...item,
  subtotal: money(amountOf(item, item.quantity)),
  problem: problemOf(item),
});

function problemOf({ onSale, quantity, available }: CartItem): PricedItem['problem'] {
  if (!onSale) return 'PRODUCT_NOT_ON_SALE';
  return quantity > available ? 'INSUFFICIENT_STOCK' : null;
}

const TOO_LARGE = 'the total amount of the cart is larger than the shop can handle: take less';

const amountOf = ({ price }: OfferedOption, quantity: number): bigint => price * BigInt(quantity);

const nameOf = ({ name, optionName }: OfferedOption): string => `${name} (${optionName})`;

function invalid(path: string, message: string): { readonly ok: false; readonly refusal: Refusal<'VALIDATION_FAILED'> } {
  return refuse('VALIDATION_FAILED', message, { errors: [{ path, message }] });
}
