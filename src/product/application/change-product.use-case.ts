import { Injectable } from '@nestjs/common';
import type { ProductId } from '../../kernel/ids.js';
import { type Refusal, type Result, ok, refuse } from '../../kernel/result.js';
import { UnitOfWork } from '../../kernel/transaction.js';
import { type ProductChanges, ProductRepository } from '../domain/product.repository.js';
import { ProductPublication } from './product-publication.js';

/** Orders keep the name and price they were placed at. */
@Injectable()
export class ChangeProductUseCase {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly products: ProductRepository,
    private readonly publication: ProductPublication,
  ) {}

  execute(productId: ProductId, changes: ProductChanges): Promise<Result<ProductId, Refusal<'PRODUCT_NOT_FOUND'>>> {
    return this.unitOfWork.run(async (tx) => {
      if (!(await this.products.change(tx, productId, changes))) return refuse('PRODUCT_NOT_FOUND', `there is no product ${productId}`);
      await this.publication.publish(tx, [productId]);
      return ok(productId);
    });
  }
}
