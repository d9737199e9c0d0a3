/**
 * Which messages of one partition have been dealt with, in whatever order that happens. What may be committed ends
 * before the first that has not.
 */
export class OffsetTracker {
  /** In the order in which they were read, which is that of their offsets. */
  private readonly pending = new Set<bigint>();
  private next: bigint;
  private committed: bigint;

  constructor(first: bigint) {
    this.next = first;
    this.committed = first;
  }

  /** @returns false when the partition is read again from an earlier offset, as after a rebalance: begin a new tracker. */
  read(offset: bigint): boolean {
    if (offset < this.next) return false;
    this.next = offset + 1n;
    this.pending.add(offset);
    return true;
  }

  done(offset: bigint): void {
    this.pending.delete(offset);
  }

  /** The offset to commit, or null when it has been committed. */
  toCommit(): bigint | null {
    const [first = this.next] = this.pending;
    return first > this.committed ? first : null;
  }

  hasCommitted(offset: bigint): void {
    this.committed = offset;
  }
}
