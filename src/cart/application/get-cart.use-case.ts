import { Injectable } from '@nestjs/common';
import type { UserId } from '../../kernel/ids.js';
import type { Result } from '../../kernel/result.js';
import { type CartRefusal, type PricedCart, priceCart } from '../domain/cart.js';
import { CartQueries } from './cart-queries.port.js';

/** A customer's cart at today's prices. */
@Injectable()
export class GetCartUseCase {
  constructor(private readonly carts: CartQueries) {}

  /** Refuses with VALIDATION_FAILED when prices have risen beyond what the shop can count. */
  async execute(userId: UserId): Promise<Result<PricedCart, CartRefusal>> {
    return priceCart(await this.carts.itemsOf(userId));
  }
}
