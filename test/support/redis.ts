import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';
import { Redis, type RedisOptions } from '../../src/redis/redis.js';
import { describeWith } from './describe-with.js';

const CONNECT_MS_MAX = 20_000;
const LOOK_AGAIN_MS = 5;

/** `describe` for what needs Redis. */
export const describeWithRedis = describeWith(inject('redisProblem'));

/** The run's own Redis, and a prefix under which a test is alone there. Whoever flushes or kills starts one: `infra/redis.ts`. */
export const sharedRedis = (): RedisOptions => ({ url: inject('redisUrl'), keyPrefix: `test:${randomBytes(6).toString('hex')}:` });

export async function connectedRedis(options: RedisOptions): Promise<Redis> {
  const redis = new Redis(options);
  await connected(redis);
  return redis;
}

export async function connected(redis: Redis): Promise<void> {
  for (const giveUpAt = Date.now() + CONNECT_MS_MAX; redis.problem !== null; await sleep(LOOK_AGAIN_MS)) {
    if (Date.now() > giveUpAt) throw new Error(`no connection to Redis: ${redis.problem}`);
  }
}
