import { Injectable } from '@nestjs/common';
import { type Refusal, type Result, ok, refuse } from '../../kernel/result.js';
import { UnitOfWork } from '../../kernel/transaction.js';
import { ProductRepository, type StockLevel, type StockReceipt } from '../domain/product.repository.js';
import { ProductPublication } from './product-publication.js';

type ReceiptRefusal = Refusal<'PRODUCT_OPTION_NOT_FOUND' | 'IDEMPOTENCY_KEY_REUSED'>;

/** Books goods that came in, once per request key. */
@Injectable()
export class ReceiveStockUseCase {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly products: ProductRepository,
    private readonly publication: ProductPublication,
  ) {}

  execute(receipt: StockReceipt): Promise<Result<StockLevel, ReceiptRefusal>> {
    return this.unitOfWork.run(async (tx) => {
      const received = await this.products.receive(tx, receipt);
      switch (received.outcome) {
        case 'booked':
          await this.publication.publish(tx, [received.level.productId]);
          return ok(received.level);
        case 'repeated':
          return ok(received.level);
        case 'unknown-option':
          return refuse('PRODUCT_OPTION_NOT_FOUND', `there is no product option ${receipt.productOptionId}`);
        case 'key-reused':
          return refuse('IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key belongs to another receipt: send a new one');
      }
    });
  }
}
