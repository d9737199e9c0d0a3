import { Module } from '@nestjs/common';
import { DomainDatabase } from '../database/database.js';
import { platformOf } from '../messaging/domain-platform.js';
import { Redis } from '../redis/redis.js';
import { ChangeProductUseCase } from './application/change-product.use-case.js';
import { ChangedAvailability } from './application/changed-availability.js';
import { CreateProductUseCase } from './application/create-product.use-case.js';
import { OnOrderCancelledListener } from './application/listeners/on-order-cancelled.listener.js';
import { OnOrderExpiredListener } from './application/listeners/on-order-expired.listener.js';
import { OnOrderFailListener } from './application/listeners/on-order-fail.listener.js';
import { OnOrderPlacingListener } from './application/listeners/on-order-placing.listener.js';
import { OnOrderProcessedListener } from './application/listeners/on-order-processed.listener.js';
import { OnOrderProcessingListener } from './application/listeners/on-order-processing.listener.js';
import { ProductPublication } from './application/product-publication.js';
import { ProductQueries } from './application/product-queries.port.js';
import { PublishAvailabilityUseCase } from './application/publish-availability.use-case.js';
import { ReceiveStockUseCase } from './application/receive-stock.use-case.js';
import { ReleaseExpiredHoldsUseCase } from './application/release-expired-holds.use-case.js';
import { TopSellerQueries } from './application/top-seller-queries.port.js';
import { ProductRepository } from './domain/product.repository.js';
import { SalesRankingRepository } from './domain/sales-ranking.repository.js';
import { StockRepository } from './domain/stock.repository.js';
import { DayCopies } from './infrastructure/day-copies.js';
import { PgProductQueries } from './infrastructure/pg-product-queries.js';
import { PgProductRepository } from './infrastructure/pg-product.repository.js';
import { PgSalesRankingRepository } from './infrastructure/pg-sales-ranking.repository.js';
import { PgStockRepository } from './infrastructure/pg-stock.repository.js';
import { PgTopSellerQueries } from './infrastructure/pg-top-seller-queries.js';
import { ProductBackgroundWork } from './infrastructure/product-background-work.js';
import { RedisSalesRankingRepository } from './infrastructure/redis-sales-ranking.repository.js';
import { RedisTopSellerQueries } from './infrastructure/redis-top-seller-queries.js';
import { AdminProductsController } from './presentation/admin-products.controller.js';
import { ProductsController } from './presentation/products.controller.js';

@Module({
  controllers: [ProductsController, AdminProductsController],
  providers: [
    ...platformOf('product'),

    OnOrderPlacingListener,
    OnOrderProcessingListener,
    OnOrderFailListener,
    OnOrderExpiredListener,
    OnOrderCancelledListener,
    OnOrderProcessedListener,

    CreateProductUseCase,
    ChangeProductUseCase,
    ReceiveStockUseCase,
    ReleaseExpiredHoldsUseCase,
    PublishAvailabilityUseCase,
    ProductPublication,
    ChangedAvailability,

    { provide: StockRepository, useClass: PgStockRepository },
    { provide: ProductRepository, useClass: PgProductRepository },
    {
      provide: SalesRankingRepository,
      useFactory: (copies: DayCopies | null) => (copies ? new RedisSalesRankingRepository(copies) : new PgSalesRankingRepository()),
      inject: [DayCopies],
    },
    {
      provide: TopSellerQueries,
      useFactory: (copies: DayCopies | null, database: DomainDatabase) => {
        const queries = new PgTopSellerQueries(database);
        return copies ? new RedisTopSellerQueries(copies, database, queries) : queries;
      },
      inject: [DayCopies, DomainDatabase],
    },
    {
      provide: DayCopies,
      useFactory: (database: DomainDatabase, redis?: Redis) => (redis ? new DayCopies(redis, database) : null),
      inject: [DomainDatabase, { token: Redis, optional: true }],
    },
    { provide: ProductQueries, useClass: PgProductQueries },
    ProductBackgroundWork,
  ],
})
export class ProductModule {}
