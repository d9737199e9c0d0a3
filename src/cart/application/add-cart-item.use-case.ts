import { Injectable } from '@nestjs/common';
import type { ProductOptionId, UserId } from '../../kernel/ids.js';
import { type Result, ok } from '../../kernel/result.js';
import { UnitOfWork } from '../../kernel/transaction.js';
import { type CartRefusal, type PricedItem, decideAddition, priceItem } from '../domain/cart.js';
import { CartRepository } from '../domain/cart.repository.js';

export interface AddCartItem {
  readonly userId: UserId;
  readonly productOptionId: ProductOptionId;
  readonly quantity: number;
}

/** Puts some of an option into a customer's cart. */
@Injectable()
export class AddCartItemUseCase {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly carts: CartRepository,
  ) {}

  /** Refuses with PRODUCT_NOT_FOUND, PRODUCT_NOT_ON_SALE, INSUFFICIENT_STOCK, CART_FULL or VALIDATION_FAILED. */
  execute({ userId, productOptionId, quantity }: AddCartItem): Promise<Result<PricedItem, CartRefusal>> {
    return this.unitOfWork.run(async (tx) => {
      const lines = await this.carts.lock(tx, userId);
      const state = await this.carts.stateOf(tx, userId, productOptionId);
      const decided = decideAddition({ ...state, lines }, productOptionId, quantity);
      if (!decided.ok) return decided;
      const cartItemId = await this.carts.put(tx, userId, productOptionId, decided.value.quantity);
      return ok(priceItem({ ...decided.value.option, cartItemId, quantity: decided.value.quantity }));
    });
  }
}
