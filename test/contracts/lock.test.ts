import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lock } from '../../src/locks/lock.js';
import { ProcessLock } from '../../src/locks/process-lock.js';
import { RedisLock } from '../../src/locks/redis-lock.js';
import { connectedRedis, describeWithRedis, sharedRedis } from '../support/redis.js';

const LONG_MS = 60_000;
const SHORT_MS = 50;

interface Locks {
  /** Of two processes; or twice the one, where others do not see it. */
  readonly locks: readonly [Lock, Lock];
  close(): Promise<void>;
}

/** What every lock does, whoever keeps it. */
function locks(open: () => Promise<Locks>): void {
  let opened: Locks;
  let [here, there]: readonly [Lock?, Lock?] = [];
  const lock = (which: Lock | undefined, name: string, ttlMs = LONG_MS) => (which as Lock).tryAcquire(name, ttlMs);
  let names = 0;
  const newName = (): string => `payment:order:${++names}`;

  beforeAll(async () => {
    opened = await open();
    [here, there] = opened.locks;
  });
  afterAll(() => opened.close());

  test('is held by one at a time, and free again when it is released', async () => {
    const name = newName();
    const release = await lock(here, name);
    expect(await lock(here, name)).toBeNull();
    expect(await lock(there, name)).toBeNull();
    await release?.();
    expect(await lock(there, name)).not.toBeNull();
  });

  test('of many who ask at once, one gets it', async () => {
    const name = newName();
    const taken = await Promise.all(Array.from({ length: 40 }, (_, index) => lock(index % 2 ? here : there, name)));
    expect(taken.filter((release) => release !== null)).toHaveLength(1);
  });

  test('does not stand in the way of another name', async () => {
    expect(await Promise.all([lock(here, newName()), lock(here, newName())])).not.toContain(null);
  });

  test('ends by itself', async () => {
    const name = newName();
    await lock(here, name, SHORT_MS);
    await expect.poll(() => lock(there, name)).not.toBeNull();
  });

  test('a late holder, whose time is over, releases nothing of the next one', async () => {
    const name = newName();
    const late = await lock(here, name, SHORT_MS);
    await sleep(2 * SHORT_MS);
    const next = await lock(there, name);
    expect(next).not.toBeNull();
    await late?.();
    expect(await lock(here, name)).toBeNull();
  });

  test('can be released twice', async () => {
    const name = newName();
    const release = await lock(here, name);
    await release?.();
    const next = await lock(there, name);
    await release?.();
    expect(next).not.toBeNull();
    expect(await lock(here, name)).toBeNull();
  });
}

describe('a lock in the process', () => {
  locks(() => {
    const lock = new ProcessLock();
    return Promise.resolve({ locks: [lock, lock] as const, close: () => Promise.resolve() });
  });
});

describeWithRedis('a lock in Redis', () => {
  locks(async () => {
    const options = sharedRedis();
    const processes = [await connectedRedis(options), await connectedRedis(options)] as const;
    return {
      locks: [new RedisLock(processes[0], new NoLock()), new RedisLock(processes[1], new NoLock())],
      close: async () => processes.forEach((redis) => redis.close()),
    };
  });
});

/** Redis is there: nobody may ask the other lock. */
class NoLock implements Lock {
  tryAcquire(): Promise<never> {
    return Promise.reject(new Error('Redis was not asked'));
  }
}
