import { type DynamicModule, Inject, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { CartModule } from './cart/cart.module.js';
import type { Config } from './config/config.js';
import { CONFIG, ConfigModule } from './config/config.module.js';
import { ConsoleModule } from './console/console.module.js';
import { CouponModule } from './coupon/coupon.module.js';
import type { Databases } from './database/databases.js';
import { eventCatalogue } from './event-catalogue.js';
import { MessagingModule } from './messaging/in-process/messaging.module.js';
import { OrderModule } from './order/order.module.js';
import { ProductModule } from './product/product.module.js';
import { RedisModule } from './redis/redis.module.js';
import { ShopMetrics } from './shop-metrics.js';
import { EnsureFirstOperatorUseCase } from './user/application/ensure-first-operator.use-case.js';
import { UserModule } from './user/user.module.js';

/** Every domain: a folder, a schema `shop_<domain>`, a module. */
export const DOMAINS = ['order', 'product', 'coupon', 'user', 'cart'] as const;

/** The shop: its domains side by side, and the bus between them. */
@Module({ imports: [OrderModule, ProductModule, CouponModule, UserModule, CartModule, ConsoleModule], providers: [ShopMetrics] })
export class AppModule implements OnApplicationBootstrap {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'operator'>,
    private readonly ensureFirstOperator: EnsureFirstOperatorUseCase,
  ) {}

  static with(config: Config, databases: Databases): DynamicModule {
    const { alertWebhookUrl } = config;
    const messaging = MessagingModule.with({ catalogue: eventCatalogue, databases, domains: DOMAINS, alertWebhookUrl });
    return { module: AppModule, imports: [ConfigModule.with(config), RedisModule.with(config), messaging] };
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.operator) await this.ensureFirstOperator.execute(this.config.operator);
  }
}
