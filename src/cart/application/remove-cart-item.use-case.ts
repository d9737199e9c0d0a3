import { Injectable } from '@nestjs/common';
import type { CartItemId, UserId } from '../../kernel/ids.js';
import { type Refusal, type Result, ok } from '../../kernel/result.js';
import { UnitOfWork } from '../../kernel/transaction.js';
import { CartRepository } from '../domain/cart.repository.js';
import { cartItemNotFound } from './cart-item-not-found.js';

@Injectable()
export class RemoveCartItemUseCase {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly carts: CartRepository,
  ) {}

  /** Refuses with CART_ITEM_NOT_FOUND. */
  execute(userId: UserId, cartItemId: CartItemId): Promise<Result<undefined, Refusal<'CART_ITEM_NOT_FOUND'>>> {
    return this.unitOfWork.run(async (tx) => {
      await this.carts.lock(tx, userId);
      const removed = await this.carts.remove(tx, userId, cartItemId);
      return removed ? ok(undefined) : cartItemNotFound(cartItemId);
    });
  }
}
