/**
 * A running transaction of one domain. Opaque here: application code passes it on, so that state and event
 * share one; only infrastructure knows what is behind it.
 */
export interface Transaction {
  /** The domain whose unit of work opened it. */
  readonly domain: string;
  /** Runs as the last thing before COMMIT: for locks that must be held shortly. Throwing rolls back. */
  beforeCommit(lastStatement: () => Promise<void>): void;
  /** Runs after a successful commit, never after a rollback. For hints only: a crash may lose it. */
  afterCommit(hint: () => void): void;
}

/** Opens the transactions of one domain. Every domain has its own, on its own schema. */
export abstract class UnitOfWork {
  /**
   * Runs `work` in one transaction and commits; rolls back and rethrows when it throws.
   * Deadlocks and serialization failures are retried, so `work` must have no effect outside the transaction.
   *
   * @param name of the work, for its failpoints: `order.begin-payment`.
   */
  abstract run<T>(work: (tx: Transaction) => Promise<T>, name?: string): Promise<T>;
}
