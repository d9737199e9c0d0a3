import { performance } from 'node:perf_hooks';
import { Lock } from './lock.js';

interface Holder {
  readonly untilMs: number;
}

/**
 * Locks in the memory of this process, for deployments without Redis. Another process does not see them: whom they would have
 * turned away learns it from the database a few milliseconds later. See ADR 31.
 */
export class ProcessLock extends Lock {
  private readonly holders = new Map<string, Holder>();

  override tryAcquire(name: string, ttlMs: number): Promise<(() => Promise<void>) | null> {
    const nowMs = performance.now();
    const before = this.holders.get(name);
    if (before && before.untilMs > nowMs) return Promise.resolve(null);
    const holder = { untilMs: nowMs + ttlMs };
    this.holders.set(name, holder);
    return Promise.resolve(() => this.release(name, holder));
  }

  private release(name: string, holder: Holder): Promise<void> {
    if (this.holders.get(name) === holder) this.holders.delete(name);
    return Promise.resolve();
  }
}
