/** Locks with a time to live, for shedding contention. Whoever relies on one for safety needs a check in the database besides. */
export abstract class Lock {
  /**
   * Takes the lock unless somebody else holds it; it ends by itself after `ttlMs`.
   * @returns how to release it, or null when it is held. Releasing a lock that has ended, or was taken by another since, does nothing.
   */
  abstract tryAcquire(name: string, ttlMs: number): Promise<(() => Promise<void>) | null>;
}
