import type { CartItemId } from '../../kernel/ids.js';
import { refuse } from '../../kernel/result.js';

export const cartItemNotFound = (cartItemId: CartItemId) =>
  refuse('CART_ITEM_NOT_FOUND', `the cart has no item ${cartItemId}`, { cartItemId });
