import { z } from 'zod';

const COUPON_GATES_WITHOUT_REDIS = ['database', 'refuse'] as const;

export interface RedisSettings {
  /** Null: the database keeps locks, coupon queues and the ranking. */
  readonly redisUrl: string | null;
  /** Before every key, for shops that share a Redis. */
  readonly redisKeyPrefix: string;
  /** Who decides a rush for coupons while Redis is away. */
  readonly couponGateWithoutRedis: (typeof COUPON_GATES_WITHOUT_REDIS)[number];
}

export const redisVariables = {
  // The message does not repeat the address: it may hold a password.
  REDIS_URL: z
    .url({
      protocol: /^rediss?$/,
      error: 'must be a Redis address like redis://:password@host:6379/0. Correct it, or unset it to do without Redis',
    })
    .optional(),
  REDIS_KEY_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9:._-]{1,64}$/, 'must be 1 to 64 letters, digits, or any of : . _ -. Correct it, or unset it for none')
    .default(''),
  COUPON_GATE_WITHOUT_REDIS: z
    .enum(COUPON_GATES_WITHOUT_REDIS, `must be one of ${COUPON_GATES_WITHOUT_REDIS.join(', ')}. Unset it for database`)
    .default('database'),
};

export const redisSettings = (set: z.output<z.ZodObject<typeof redisVariables>>): RedisSettings => ({
  redisUrl: set.REDIS_URL ?? null,
  redisKeyPrefix: set.REDIS_KEY_PREFIX,
  couponGateWithoutRedis: set.COUPON_GATE_WITHOUT_REDIS,
});
