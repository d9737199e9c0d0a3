import type { Transaction } from '../../../src/kernel/transaction.js';
import type { Context } from '../scheduler.js';
import type { LogAppend } from './log-table.js';
import type { MemoryDatabase } from './memory-database.js';
import { ConstraintViolation, type Key, type LockOf, type RowLock, type Table } from './table.js';

/** What PostgreSQL reports when it ends a circle of waiters. */
export class Deadlock extends Error {
  override readonly name = 'Deadlock';
  readonly code = '40P01';
}

/** A statement: it locks its rows one after the other, waiting where it must, and then runs on what is there. */
export interface Plan<T> {
  /** Asked once, when the statement begins: what is read here is the statement's snapshot. */
  readonly locks?: () => readonly LockOf[];
  /** SKIP LOCKED: rows that somebody else has locked are not waited for. */
  readonly skipLocked?: boolean;
  /** ON CONFLICT DO NOTHING: waits for whoever is inserting the same row, but does not lock the row that it finds then. */
  readonly yieldsToExisting?: boolean;
  readonly run: () => T;
}

type AnyTable = Table<never>;

/**
 * A transaction of one domain at READ COMMITTED: it sees what is committed, and what it wrote itself. Rows are locked before
 * they are written, until the end. Its writes become visible all at once, at the commit, or never.
 */
export class MemoryTransaction implements Transaction {
  private readonly writes = new Map<AnyTable, Map<Key, object | undefined>>();
  private readonly held: LockOf[] = [];
  private readonly heldNames: string[] = [];
  private readonly lastStatements: (() => Promise<void>)[] = [];
  private readonly hints: (() => void)[] = [];
  readonly appends: LogAppend[] = [];
  /** Done in the commit itself: for the books that the simulation keeps. */
  readonly atCommit: (() => void)[] = [];
  waitsFor: RowLock | undefined;
  state: 'open' | 'failed' | 'committed' | 'rolled back' = 'open';
  private brokenBy: Error | undefined;
  private running: Promise<unknown> | undefined;
  /** Of the first statement that failed, awaited or not. */
  failure: Error | undefined;

  constructor(
    readonly database: MemoryDatabase,
    readonly domain: string,
    readonly context: Context,
    readonly number: number,
    /** `now()`: the moment of the transaction's begin by the database's clock. */
    readonly nowMs: number,
  ) {}

  beforeCommit(lastStatement: () => Promise<void>): void {
    this.lastStatements.push(lastStatement);
  }

  afterCommit(hint: () => void): void {
    this.hints.push(hint);
  }

  /** Like those of a connection, statements run one after the other, in the order in which they were sent. */
  statement<T>(label: string, plan: Plan<T>): Promise<T> {
    const perform = (): Promise<T> =>
      this.database.io.perform({ kind: 'statement', label, tx: this, context: this.context, domain: this.domain }, () =>
        this.execute(plan),
      );
    const result = this.running ? this.running.then(perform, perform) : perform();
    const running: Promise<unknown> = result
      .catch((failure: unknown) => (this.failure ??= failure as Error))
      .then(() => this.running === running && (this.running = undefined));
    this.running = running;
    return result;
  }

  get<Row extends object>(table: Table<Row>, key: Key): Row | undefined {
    const written = this.writes.get(table as unknown as AnyTable);
    return written?.has(key) ? (written.get(key) as Row | undefined) : table.rows.get(key);
  }

  /** All rows, in no particular order. */
  all<Row extends object>(table: Table<Row>): Row[] {
    const written = this.writes.get(table as unknown as AnyTable);
    if (!written) return [...table.rows.values()];
    const rows = [...table.rows].flatMap(([key, row]) => (written.has(key) ? [] : [row]));
    return [...rows, ...([...written.values()].filter(Boolean) as Row[])];
  }

  insert<Row extends object>(table: Table<Row>, key: Key, row: Row): void {
    if (this.get(table, key)) throw new ConstraintViolation(`${table.name}: there is a row ${key} already`);
    this.put(table, key, row);
  }

  /** Writes a row that this transaction has locked. */
  put<Row extends object>(table: Table<Row>, key: Key, row: Row): void {
    if (!this.holds(table as unknown as AnyTable, key)) throw new Error(`${table.name} ${key} is written without a lock`);
    const broken = table.rules.check?.(row);
    if (broken) throw new ConstraintViolation(`${table.name} ${key}: ${broken}`);
    for (const [index, keyOf] of Object.entries(table.rules.unique ?? {})) this.assertUnique(table, key, row, index, keyOf);
    const written = this.writes.get(table as unknown as AnyTable) ?? new Map<Key, object | undefined>();
    this.writes.set(table as unknown as AnyTable, written.set(key, row));
  }

  delete<Row extends object>(table: Table<Row>, key: Key): void {
    if (!this.holds(table as unknown as AnyTable, key)) throw new Error(`${table.name} ${key} is deleted without a lock`);
    const written = this.writes.get(table as unknown as AnyTable) ?? new Map<Key, object | undefined>();
    this.writes.set(table as unknown as AnyTable, written.set(key, undefined));
  }

  update<Row extends object>(table: Table<Row>, key: Key, change: (row: Row) => Partial<Row>): void {
    const row = this.get(table, key);
    if (row) this.put(table, key, { ...row, ...change(row) });
  }

  /** Runs a statement now, or as soon as its locks are granted. */
  execute<T>(plan: Plan<T>): T | Promise<T> {
    this.assertUsable();
    const wanted = plan.locks?.() ?? [];
    for (let index = 0; index < wanted.length; index++) {
      // Between two rows another process may come: a statement that locks many is not one moment.
      const lock = wanted[index] as LockOf;
      const granted = (index === 0 || plan.skipLocked || !this.database.io.pauses()) && this.acquire(lock, plan.skipLocked);
      if (!granted && !plan.skipLocked) return this.executeAfterWaiting(plan, wanted, index);
    }
    return this.finish(plan);
  }

  /** The server has ended a statement of it: nothing but ROLLBACK is left. */
  fail(): void {
    if (this.state === 'open') this.state = 'failed';
  }

  /** Everything that is left to do before COMMIT. */
  async aboutToCommit(): Promise<void> {
    for (const statement of this.lastStatements) await statement();
    // What nobody awaits runs before COMMIT, all the same.
    await this.running;
    if (this.failure) throw this.failure;
  }

  /** Makes all writes visible at once. */
  commit(): void {
    this.assertUsable();
    this.state = 'committed';
    for (const [table, rows] of this.writes) {
      for (const [key, row] of rows) {
        this.database.watch(table.name, table.rows.get(key), row, this.nowMs, key);
        if (row) (table as unknown as Table<object>).rows.set(key, row);
        else table.rows.delete(key);
      }
    }
    this.database.committed(this);
    for (const note of this.atCommit) note();
    this.releaseAll();
  }

  /** Nothing of it stays, whoever ends it: itself, or the server when the connection or the process is gone. */
  rollBack(brokenBy?: Error): void {
    if (this.state === 'committed' || this.state === 'rolled back') return;
    this.state = 'rolled back';
    this.brokenBy = brokenBy;
    this.database.ended(this);
    const waiters = this.waitsFor?.waiters ?? [];
    const waiting = waiters.find(({ tx }) => tx === this);
    if (waiting) waiters.splice(waiters.indexOf(waiting), 1);
    this.waitsFor = undefined;
    // It waits no longer, and hears why.
    waiting?.granted();
    this.releaseAll();
  }

  runHints(): void {
    for (const hint of this.hints) hint();
  }

  /** @returns whether it is held now; otherwise whoever does not skip it has to wait for it. */
  private acquire(wanted: LockOf, skipLocked = false): boolean {
    const [table, key] = wanted;
    const lock = table.locks.get(key);
    if (lock?.holder === this) return true;
    if (!skipLocked) this.database.waitsInOrder(this, this.heldNames, nameOf(wanted));
    if (lock) return false;
    table.locks.set(key, { holder: this, waiters: [] });
    this.hold(wanted);
    return true;
  }

  private hold(lock: LockOf): void {
    this.held.push(lock);
    this.heldNames.push(nameOf(lock));
  }

  private holds(table: AnyTable, key: Key): boolean {
    return table.locks.get(key)?.holder === this;
  }

  private async executeAfterWaiting<T>(plan: Plan<T>, wanted: readonly LockOf[], from: number): Promise<T> {
    if (from > 0) await this.database.io.pause(this.context);
    for (const lock of wanted.slice(from)) {
      // It may have been rolled back while it waited.
      this.assertUsable();
      if (plan.yieldsToExisting && lock[0].rows.has(lock[1])) continue;
      const granted = this.acquire(lock);
      if (!granted) await this.waitFor(lock);
      if (!granted && plan.yieldsToExisting && lock[0].rows.has(lock[1])) this.release(lock);
    }
    return this.finish(plan);
  }

  private waitFor(wanted: LockOf): Promise<void> {
    const [table, key] = wanted;
    const lock = table.locks.get(key) as RowLock;
    this.waitsFor = lock;
    for (let holder: MemoryTransaction | undefined = lock.holder; holder; holder = holder.waitsFor?.holder) {
      if (holder === this) {
        this.waitsFor = undefined;
        this.state = 'failed';
        this.database.deadlocks.push(
          `${this.domain} transactions ${lock.holder.number} and ${this.number} wait for each other at ${table.name} ${key}`,
        );
        return Promise.reject(new Deadlock(`deadlock at ${table.name} ${key}`));
      }
    }
    this.database.io.note(this.context, `tx ${this.number} waits for ${table.name} ${key}, locked by tx ${lock.holder.number}`);
    return new Promise((resolve, reject) => {
      // The waiter's process hears of it in a step of its own; it may have been rolled back until then.
      const granted = (): void =>
        this.database.io.resume(this.context, () =>
          this.state === 'open' ? resolve() : reject(this.brokenBy ?? new Error('rolled back')),
        );
      lock.waiters.push({ tx: this, lock: wanted, granted });
    });
  }

  private finish<T>({ run }: Plan<T>): T {
    this.assertUsable();
    try {
      return run();
    } catch (fault) {
      this.state = 'failed';
      throw fault;
    }
  }

  private assertUsable(): void {
    if (this.brokenBy) throw this.brokenBy;
    if (this.state !== 'open') throw new Error(`transaction ${this.number} is ${this.state}: a statement after its failure`);
  }

  private assertUnique<Row extends object>(table: Table<Row>, key: Key, row: Row, index: string, keyOf: (row: Row) => Key | null): void {
    const value = keyOf(row);
    if (value === null) return;
    const written = this.writes.get(table as unknown as AnyTable);
    const taken = (other: Row | undefined, at: Key): boolean => other !== undefined && at !== key && keyOf(other) === value;
    for (const [at, other] of table.rows) {
      if (!written?.has(at) && taken(other, at)) throw new ConstraintViolation(`${table.name}: ${index} ${value} is taken by row ${at}`);
    }
    for (const [at, other] of written ?? []) {
      if (taken(other as Row | undefined, at)) throw new ConstraintViolation(`${table.name}: ${index} ${value} is taken by row ${at}`);
    }
  }

  private releaseAll(): void {
    for (const lock of this.held.splice(0)) pass(lock);
  }

  private release([table, key]: LockOf): void {
    const index = this.held.findIndex((held) => held[0] === table && held[1] === key);
    this.heldNames.splice(index, 1);
    for (const lock of this.held.splice(index, 1)) pass(lock);
  }

  /** Called by whoever held the lock before. */
  inherit(lock: LockOf): void {
    this.hold(lock);
    this.waitsFor = undefined;
  }
}

/** A lock as the order of locks knows it: one on a row that is there is another than one on the same row while it is inserted. */
const nameOf = ([table, key, how]: LockOf): string => (how === 'new row' ? `new ${table.name} ${key}` : `${table.name} ${key}`);

/** Gives a lock to the next in the queue. */
function pass([table, key]: LockOf): void {
  const lock = table.locks.get(key) as RowLock;
  const next = lock.waiters.shift();
  if (!next) {
    table.locks.delete(key);
    return;
  }
  lock.holder = next.tx;
  next.tx.inherit(next.lock);
  next.granted();
}
