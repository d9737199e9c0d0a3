import type { MemoryTransaction } from './memory-transaction.js';

export type Key = number | string;

/** A row lock: one holder, and those who wait for it in order of arrival. */
export interface RowLock {
  holder: MemoryTransaction;
  readonly waiters: { readonly tx: MemoryTransaction; readonly lock: LockOf; readonly granted: () => void }[];
}

interface Rules<Row> {
  /** What the CHECK constraints demand; the name of the broken one, or nothing. */
  readonly check?: (row: Row) => string | false;
  /** Unique indexes besides the primary key: a row's key in each, null when it is not in the index. */
  readonly unique?: Readonly<Record<string, (row: Row) => Key | null>>;
}

/** A table: its committed rows, which are never changed but replaced, and the locks on its rows. */
export class Table<Row extends object> {
  readonly rows = new Map<Key, Row>();
  readonly locks = new Map<Key, RowLock>();

  constructor(
    readonly name: string,
    readonly rules: Rules<Row> = {},
  ) {}
}

/** A constraint that the code ran into. PostgreSQL would refuse, too: nothing is corrupt, but somebody reckoned wrongly. */
export class ConstraintViolation extends Error {
  override readonly name = 'ConstraintViolation';
  readonly code = '23514';
}

/** One row to be locked. A table's unique indexes have locks of their own, under `<index>=<key>`. */
export type LockOf = readonly [table: Table<never>, key: Key, how: 'row' | 'new row'];

export const lockOf = <Row extends object>(table: Table<Row>, key: Key): LockOf => [table as unknown as Table<never>, key, 'row'];

/** What an INSERT locks: until it commits, the row is seen by those alone who insert the same. */
export const newRow = <Row extends object>(table: Table<Row>, key: Key): LockOf => [table as unknown as Table<never>, key, 'new row'];

/** Locks of rows in order of their ids, each once: what `ORDER BY id FOR UPDATE` does. */
export function sortedLocks<Row extends object>(table: Table<Row>, keys: Iterable<Key>): LockOf[] {
  return [...new Set(keys)].toSorted(byKey).map((key) => lockOf(table, key));
}

export const byKey = (a: Key, b: Key): number => (a < b ? -1 : a > b ? 1 : 0);
