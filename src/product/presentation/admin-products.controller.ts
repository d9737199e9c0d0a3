import { Body, Controller, Inject, Param, Patch, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import { type Caller, CurrentUser, OperatorOnly } from '../../http/auth/caller.js';
import { Idempotent, IdempotencyKey } from '../../http/idempotency/idempotent.js';
import { orProblem } from '../../http/problem.js';
import { Route } from '../../http/route.js';
import { idParam } from '../../http/schemas.js';
import type { ProductId, ProductOptionId } from '../../kernel/ids.js';
import { money } from '../../kernel/money.js';
import { ChangeProductUseCase } from '../application/change-product.use-case.js';
import { CreateProductUseCase } from '../application/create-product.use-case.js';
import { ReceiveStockUseCase } from '../application/receive-stock.use-case.js';
import { ProductQueries } from '../application/product-queries.port.js';
import { productAnswer } from './product-answer.js';
import { ChangeProduct, CreateProduct, Product, ReceiveStock, StockLevel } from './product-schemas.js';

@OperatorOnly()
@ApiTags('products (operator)')
@Controller('api/admin')
export class AdminProductsController {
  private readonly currency: string;

  constructor(
    private readonly createProduct: CreateProductUseCase,
    private readonly changeProduct: ChangeProductUseCase,
    private readonly receiveStock: ReceiveStockUseCase,
    private readonly products: ProductQueries,
    @Inject(CONFIG) config: Config,
  ) {
    this.currency = config.currency.code;
  }

  @Post('products')
  @Idempotent()
  @Route({ summary: 'Create a product with its options and initial stock', answer: Product, status: 201 })
  async create(@CurrentUser() operator: Caller, @Body({ schema: CreateProduct }) body: z.output<typeof CreateProduct>) {
    const id = await this.createProduct.execute({ ...body, price: money(body.price) }, operator.userId);
    return productAnswer(id, await this.products.detail(id), this.currency);
  }

  @Patch('products/:id')
  @Route({
    summary: 'Change a product',
    description: 'Fields that are left out stay as they are.',
    answer: Product,
    problems: ['PRODUCT_NOT_FOUND'],
  })
  async change(
    @Param('id', { schema: idParam<ProductId>() }) id: ProductId,
    @Body({ schema: ChangeProduct }) { price, ...others }: z.output<typeof ChangeProduct>,
  ) {
    orProblem(await this.changeProduct.execute(id, { ...others, price: price === undefined ? undefined : money(price) }));
    return productAnswer(id, await this.products.detail(id), this.currency);
  }

  @Post('options/:id/receipts')
  @Idempotent()
  @Route({ summary: 'Receive stock of an option', answer: StockLevel, status: 201, problems: ['PRODUCT_OPTION_NOT_FOUND'] })
  async receive(
    @CurrentUser() operator: Caller,
    @Param('id', { schema: idParam<ProductOptionId>() }) productOptionId: ProductOptionId,
    @Body({ schema: ReceiveStock }) { quantity, note }: z.output<typeof ReceiveStock>,
    @IdempotencyKey() requestKey: string | null,
  ) {
    const receipt = { productOptionId, quantity, note: note ?? null, operatorId: operator.userId, requestKey };
    const { stock, available } = orProblem(await this.receiveStock.execute(receipt));
    return { stock, available };
  }
}
