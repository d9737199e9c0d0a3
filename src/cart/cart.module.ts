import { Module } from '@nestjs/common';
import { platformOf } from '../messaging/domain-platform.js';
import { AddCartItemUseCase } from './application/add-cart-item.use-case.js';
import { CartQueries } from './application/cart-queries.port.js';
import { ChangeCartItemUseCase } from './application/change-cart-item.use-case.js';
import { ClearCartUseCase } from './application/clear-cart.use-case.js';
import { GetCartUseCase } from './application/get-cart.use-case.js';
import { OnOrderCollectingListener } from './application/listeners/on-order-collecting.listener.js';
import { OnOrderProcessedListener } from './application/listeners/on-order-processed.listener.js';
import { OnProductChangedListener } from './application/listeners/on-product-changed.listener.js';
import { RemoveCartItemUseCase } from './application/remove-cart-item.use-case.js';
import { CartRepository } from './domain/cart.repository.js';
import { ProductCopyRepository } from './domain/product-copy.repository.js';
import { PgCartQueries } from './infrastructure/pg-cart-queries.js';
import { PgCartRepository } from './infrastructure/pg-cart.repository.js';
import { PgProductCopyRepository } from './infrastructure/pg-product-copy.repository.js';
import { CartController } from './presentation/cart.controller.js';

@Module({
  controllers: [CartController],
  providers: [
    ...platformOf('cart'),
    GetCartUseCase,
    AddCartItemUseCase,
    ChangeCartItemUseCase,
    RemoveCartItemUseCase,
    ClearCartUseCase,
    OnOrderCollectingListener,
    OnOrderProcessedListener,
    OnProductChangedListener,
    { provide: CartQueries, useClass: PgCartQueries },
    { provide: CartRepository, useClass: PgCartRepository },
    { provide: ProductCopyRepository, useClass: PgProductCopyRepository },
  ],
})
export class CartModule {}
