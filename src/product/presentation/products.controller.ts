import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import { Public } from '../../http/auth/caller.js';
import { pageOf } from '../../http/keyset-cursor.js';
import { Route } from '../../http/route.js';
import { idParam } from '../../http/schemas.js';
import type { ProductId } from '../../kernel/ids.js';
import { ProductQueries } from '../application/product-queries.port.js';
import { TopSellerQueries } from '../application/top-seller-queries.port.js';
import { ListedProduct, ListQuery, Product, productCursor, TopQuery, TopSellers } from './product-schemas.js';
import { productAnswer } from './product-answer.js';

@Public()
@ApiTags('products')
@Controller('api/products')
export class ProductsController {
  private readonly currency: string;

  constructor(
    private readonly products: ProductQueries,
    private readonly ranking: TopSellerQueries,
    @Inject(CONFIG) config: Config,
  ) {
    this.currency = config.currency.code;
  }

  @Get()
  @Route({ summary: 'List products', answer: pageOf(ListedProduct) })
  async list(@Query({ schema: ListQuery }) { sort, category, cursor, limit }: z.output<typeof ListQuery>) {
    const rows = await this.products.list({ sort, category, after: cursor, rowsMax: limit + 1 });
    return productCursor.page(
      rows,
      limit,
      ({ rank, productId }) => ({ sort, rank, productId }),
      ({ rank: _, ...product }) => ({ ...product, currency: this.currency }),
    );
  }

  @Get('top')
  @Route({
    summary: 'The top-selling products',
    description: 'By units sold; of equals, the one sold last comes first.',
    answer: TopSellers,
  })
  async top(@Query({ schema: TopQuery }) { days, limit }: z.output<typeof TopQuery>) {
    const { items, since } = await this.ranking.topSellers(days, limit);
    return {
      items: items.map((item, index) => ({
        ...item,
        rank: index + 1,
        currency: this.currency,
        lastSoldAt: item.lastSoldAt.toISOString(),
      })),
      since: since.toISOString(),
    };
  }

  @Get(':id')
  @Route({ summary: 'One product with its options and live stock', answer: Product, problems: ['PRODUCT_NOT_FOUND'] })
  async one(@Param('id', { schema: idParam<ProductId>() }) id: ProductId) {
    return productAnswer(id, await this.products.detail(id), this.currency);
  }
}
