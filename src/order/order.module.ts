import { Module } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { Lock } from '../locks/lock.js';
import { ProcessLock } from '../locks/process-lock.js';
import { RedisLock } from '../locks/redis-lock.js';
import { platformOf } from '../messaging/domain-platform.js';
import { Redis } from '../redis/redis.js';
import { CancelOrderUseCase } from './application/cancel-order.use-case.js';
import { CreateOrderUseCase } from './application/create-order.use-case.js';
import { DataPlatformAcks } from './application/data-platform-acks.port.js';
import { DataPlatform } from './application/data-platform.port.js';
import { ExpireOrdersUseCase } from './application/expire-orders.use-case.js';
import { GetOrderDetailUseCase } from './application/get-order-detail.use-case.js';
import { GetOrdersUseCase } from './application/get-orders.use-case.js';
import { GetPaymentUseCase } from './application/get-payment.use-case.js';
import { HandOverService } from './application/hand-over.service.js';
import { OnOrderFailListener } from './application/listeners/on-order-fail.listener.js';
import { OnOrderProcessedListener } from './application/listeners/on-order-processed.listener.js';
import { OrderChanges } from './application/order-changes.js';
import { OrderQueries } from './application/order-queries.port.js';
import { OrderService } from './application/order.service.js';
import { PaymentLock } from './application/payment-lock.port.js';
import { ProcessPaymentUseCase } from './application/process-payment.use-case.js';
import { RecoverPaymentsUseCase } from './application/recover-payments.use-case.js';
import { OrderRepository } from './domain/order.repository.js';
import { dataPlatformOf } from './infrastructure/data-platform-of.js';
import { OrderTimers } from './infrastructure/order-timers.js';
import { PgDataPlatformAcks } from './infrastructure/pg-data-platform-acks.js';
import { PgOrderQueries } from './infrastructure/pg-order-queries.js';
import { PgOrderRepository } from './infrastructure/pg-order.repository.js';
import { PlatformPaymentLock } from './infrastructure/platform-payment-lock.js';
import { AdminPaymentsController } from './presentation/admin-payments.controller.js';
import { OrdersController, UserOrdersController } from './presentation/orders.controller.js';
import { PaymentController } from './presentation/payment.controller.js';

@Module({
  controllers: [OrdersController, UserOrdersController, PaymentController, AdminPaymentsController],
  providers: [
    ...platformOf('order'),
    {
      provide: Lock,
      useFactory: (redis?: Redis) => {
        const lock = new ProcessLock();
        return redis ? new RedisLock(redis, lock) : lock;
      },
      inject: [{ token: Redis, optional: true }],
    },
    { provide: DataPlatform, useFactory: (config: Config) => dataPlatformOf(config), inject: [CONFIG] },
    { provide: DataPlatformAcks, useClass: PgDataPlatformAcks },
    { provide: OrderRepository, useClass: PgOrderRepository },
    { provide: OrderQueries, useClass: PgOrderQueries },
    { provide: PaymentLock, useClass: PlatformPaymentLock },
    HandOverService,
    OrderChanges,
    OrderService,
    CreateOrderUseCase,
    ProcessPaymentUseCase,
    CancelOrderUseCase,
    ExpireOrdersUseCase,
    RecoverPaymentsUseCase,
    GetOrdersUseCase,
    GetOrderDetailUseCase,
    GetPaymentUseCase,
    OnOrderProcessedListener,
    OnOrderFailListener,
    OrderTimers,
  ],
})
export class OrderModule {}
