/**
 * Finds circles of waiters before they close: two transactions that take the same two locks in different order would
 * wait for each other, if only they met. They need not have met here: that they could have is enough.
 *
 * They could not, if both held a third lock at that time: then one of them waits for the other at that one already.
 */
export class LockOrder {
  /** `first` → `then` → what else was held when `then` was waited for after `first`. */
  private readonly taken = new Map<string, Map<string, readonly string[]>>();

  /** Notes that somebody who holds these locks is ready to wait for another one. @returns what is wrong with that. */
  wants(held: readonly string[], wanted: string): string | undefined {
    const before = this.taken.get(wanted);
    for (const first of held) {
      const guards = before?.get(first);
      // `wanted` was held once when `first` was waited for.
      if (guards && !held.some((lock) => lock !== first && guards.includes(lock))) {
        return `${first} was waited for while ${wanted} was held, and ${wanted} while ${first} was`;
      }
      const after = this.taken.get(first) ?? new Map<string, readonly string[]>();
      this.taken.set(first, after);
      if (after.has(wanted)) continue;
      const others = held.filter((lock) => lock !== first);
      after.set(wanted, others);
    }
    return undefined;
  }
}
