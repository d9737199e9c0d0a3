import { Injectable } from '@nestjs/common';
import type { UserId } from '../../kernel/ids.js';
import { UnitOfWork } from '../../kernel/transaction.js';
import { CartRepository } from '../domain/cart.repository.js';

/** Removes everything; an empty cart stays as it is. */
@Injectable()
export class ClearCartUseCase {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly carts: CartRepository,
  ) {}

  execute(userId: UserId): Promise<void> {
    return this.unitOfWork.run(async (tx) => {
      await this.carts.lock(tx, userId);
      await this.carts.clear(tx, userId);
    });
  }
}
