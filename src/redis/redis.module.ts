import { type DynamicModule, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from './redis.js';

export interface RedisSettings {
  /** Null: the database does all. */
  readonly redisUrl: string | null;
  readonly redisKeyPrefix: string;
}

/** Gives every module `Redis`, or undefined where the deployment has none: `inject: [{ token: Redis, optional: true }]`. */
@Module({})
export class RedisModule {
  static with({ redisUrl, redisKeyPrefix }: RedisSettings): DynamicModule {
    if (redisUrl === null) return { module: RedisModule };
    const redis = new ClosingRedis({ url: redisUrl, keyPrefix: redisKeyPrefix, log: new Logger('redis') });
    return { module: RedisModule, global: true, providers: [{ provide: Redis, useValue: redis }], exports: [Redis] };
  }
}

class ClosingRedis extends Redis implements OnApplicationShutdown {
  onApplicationShutdown(): void {
    this.close();
  }
}
