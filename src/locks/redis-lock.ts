import { randomUUID } from 'node:crypto';
import { Unavailable } from '../kernel/faults.js';
import { DELETE_IF_EQUAL } from '../redis/delete-if-equal.js';
import type { Redis } from '../redis/redis.js';
import { Lock } from './lock.js';

/**
 * Locks in Redis: a key with the holder's token that ends by itself. While Redis is away the other lock serves; two holders at
 * once, one in each, do no harm, because a lock only sheds contention.
 */
export class RedisLock extends Lock {
  constructor(
    private readonly redis: Redis,
    private readonly whileAway: Lock,
  ) {
    super();
  }

  override async tryAcquire(name: string, ttlMs: number): Promise<(() => Promise<void>) | null> {
    const token = randomUUID();
    try {
      const taken = await this.redis.command((client) =>
        client.set(name, token, { condition: 'NX', expiration: { type: 'PX', value: ttlMs } }),
      );
      return taken === null ? null : () => this.release(name, token);
    } catch (error) {
      if (error instanceof Unavailable) return this.whileAway.tryAcquire(name, ttlMs);
      throw error;
    }
  }

  /** What cannot be released ends by itself. */
  private async release(name: string, token: string): Promise<void> {
    try {
      await this.redis.script(DELETE_IF_EQUAL, [name], [token]);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
    }
  }
}
