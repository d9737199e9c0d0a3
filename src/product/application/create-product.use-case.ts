import { Injectable } from '@nestjs/common';
import type { ProductId, UserId } from '../../kernel/ids.js';
import { UnitOfWork } from '../../kernel/transaction.js';
import { type NewProduct, ProductRepository } from '../domain/product.repository.js';
import { ProductPublication } from './product-publication.js';

@Injectable()
export class CreateProductUseCase {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly products: ProductRepository,
    private readonly publication: ProductPublication,
  ) {}

  execute(product: NewProduct, operatorId: UserId): Promise<ProductId> {
    return this.unitOfWork.run(async (tx) => {
      const productId = await this.products.insert(tx, product, operatorId);
      await this.publication.publish(tx, [productId]);
      return productId;
    });
  }
}
