import { Module } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { DomainDatabase } from '../database/database.js';
import { platformOf } from '../messaging/domain-platform.js';
import { Redis } from '../redis/redis.js';
import { CouponGate } from './application/coupon-gate.port.js';
import { CouponQueries } from './application/coupon-queries.port.js';
import { CreateCouponUseCase } from './application/create-coupon.use-case.js';
import { OnOrderFailListener } from './application/listeners/on-order-fail.listener.js';
import { OnOrderProcessingListener } from './application/listeners/on-order-processing.listener.js';
import { CouponRepository } from './domain/coupon.repository.js';
import { UserCouponRepository } from './domain/user-coupon.repository.js';
import { PgCouponGate } from './infrastructure/pg-coupon-gate.js';
import { PgCouponQueries } from './infrastructure/pg-coupon-queries.js';
import { PgCouponRepository } from './infrastructure/pg-coupon.repository.js';
import { PgUserCouponRepository } from './infrastructure/pg-user-coupon.repository.js';
import { RedisCouponGate } from './infrastructure/redis-coupon-gate.js';
import { RedisUserCouponRepository } from './infrastructure/redis-user-coupon.repository.js';
import { AdminCouponsController } from './presentation/admin-coupons.controller.js';
import { CouponsController } from './presentation/coupons.controller.js';
import { UserCouponsController } from './presentation/user-coupons.controller.js';

@Module({
  controllers: [CouponsController, UserCouponsController, AdminCouponsController],
  providers: [
    ...platformOf('coupon'),
    CreateCouponUseCase,
    OnOrderProcessingListener,
    OnOrderFailListener,
    {
      provide: CouponGate,
      useFactory: (database: DomainDatabase, { couponGateWithoutRedis }: Config, redis?: Redis) =>
        redis ? new RedisCouponGate(redis, database, couponGateWithoutRedis) : new PgCouponGate(database),
      inject: [DomainDatabase, CONFIG, { token: Redis, optional: true }],
    },
    { provide: CouponQueries, useClass: PgCouponQueries },
    { provide: CouponRepository, useClass: PgCouponRepository },
    {
      provide: UserCouponRepository,
      useFactory: (redis?: Redis) => (redis ? new RedisUserCouponRepository(redis) : new PgUserCouponRepository()),
      inject: [{ token: Redis, optional: true }],
    },
  ],
})
export class CouponModule {}
