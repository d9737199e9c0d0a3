import { Injectable } from '@nestjs/common';
import type { CartItemId, UserId } from '../../kernel/ids.js';
import { type Refusal, type Result, ok } from '../../kernel/result.js';
import { UnitOfWork } from '../../kernel/transaction.js';
import { type CartRefusal, type PricedItem, decideQuantity, priceItem } from '../domain/cart.js';
import { CartRepository } from '../domain/cart.repository.js';
import { cartItemNotFound } from './cart-item-not-found.js';

export interface ChangeCartItem {
  readonly userId: UserId;
  readonly cartItemId: CartItemId;
  readonly quantity: number;
}

/** Sets the quantity of an item. */
@Injectable()
export class ChangeCartItemUseCase {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly carts: CartRepository,
  ) {}

  /** Refuses with CART_ITEM_NOT_FOUND, PRODUCT_NOT_ON_SALE, INSUFFICIENT_STOCK or VALIDATION_FAILED. */
  execute({ userId, cartItemId, quantity }: ChangeCartItem): Promise<Result<PricedItem, CartRefusal | Refusal<'CART_ITEM_NOT_FOUND'>>> {
    return this.unitOfWork.run(async (tx) => {
      await this.carts.lock(tx, userId);
      const productOptionId = await this.carts.optionOf(tx, userId, cartItemId);
      if (productOptionId === undefined) return cartItemNotFound(cartItemId);
      const { option, ...state } = await this.carts.stateOf(tx, userId, productOptionId);
      if (!option) throw new Error(`the cart holds option ${productOptionId}, of which nothing is known`);
      const decided = decideQuantity(option, quantity, state);
      if (!decided.ok) return decided;
      await this.carts.put(tx, userId, productOptionId, quantity);
      return ok(priceItem({ ...option, cartItemId, quantity }));
    });
  }
}
