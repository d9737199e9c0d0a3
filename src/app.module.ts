import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { MODULE_METADATA } from '@nestjs/common/constants.js';
import { CartModule } from './cart/cart.module.js';
import type { Config } from './config/config.js';
import { ConfigModule } from './config/config.module.js';
import { ConsoleModule } from './console/console.module.js';
import { CouponModule } from './coupon/coupon.module.js';
import type { Databases } from './database/databases.js';
import { eventCatalogue } from './event-catalogue.js';
import { MessagingModule } from './messaging/messaging.module.js';
import { NotificationModule } from './notification/notification.module.js';
import { OrderModule } from './order/order.module.js';
import { ProductModule } from './product/product.module.js';
import { RedisModule } from './redis/redis.module.js';
import { ShopMetrics } from './shop-metrics.js';
import { UserModule } from './user/user.module.js';

/** Every domain: a folder, a schema `shop_<domain>`, a module. */
const DOMAIN_MODULES = {
  order: OrderModule,
  product: ProductModule,
  coupon: CouponModule,
  user: UserModule,
  cart: CartModule,
  notification: NotificationModule,
};

export const DOMAINS = Object.keys(DOMAIN_MODULES);

/** What `DOMAINS` can name whole: the domains, and the operators' console over all of them. */
export const PARTS: Readonly<Record<string, Type>> = { ...DOMAIN_MODULES, console: ConsoleModule };

/** The shop, or the part of it that this process serves: its domains side by side, and the bus between them. */
@Module({ providers: [ShopMetrics] })
export class AppModule {
  static with(config: Config, databases: Databases): DynamicModule {
    const { eventLogRetentionDays, serving, kafka } = config;
    const messaging = MessagingModule.with({
      catalogue: eventCatalogue,
      databases,
      domains: DOMAINS,
      eventLogRetentionDays,
      serving,
      kafka,
    });
    const parts = Object.entries(PARTS).filter(([name]) => serving.hasPartOf(name));
    const modules = parts.map(([name, part]) => (serving.isWhole(name) ? part : listenersOf(part)));
    return { module: AppModule, imports: [ConfigModule.with(config), RedisModule.with(config), messaging, ...modules] };
  }
}

/** A domain of which only listeners are served: neither its routes, nor what it does by itself at start or by time. */
function listenersOf(domain: Type): DynamicModule {
  const providers = Reflect.getMetadata(MODULE_METADATA.PROVIDERS, domain) as NonNullable<DynamicModule['providers']>;
  const startsByItself = (provider: (typeof providers)[number]): boolean =>
    typeof provider === 'function' && 'onApplicationBootstrap' in (provider.prototype as object);
  return { module: class ListenersModule {}, providers: providers.filter((provider) => !startsByItself(provider)) };
}
