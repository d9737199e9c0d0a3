import type { LoggedEvent, Subscriber } from '../../../src/messaging/event-log.js';
import type { Context, Scheduler } from '../scheduler.js';
import type { Io } from './io.js';
import { LockOrder } from './lock-order.js';
import { LogTable } from './log-table.js';
import { MemoryTransaction, type Plan } from './memory-transaction.js';
import { type Key, Table } from './table.js';

/** The server that all processes share: transactions with row locks, the tables of messaging, and a clock of its own. */
export class MemoryDatabase {
  readonly eventLogHead = new Table<{ readonly next: number }>('event_log_head');
  readonly eventCursor = new Table<CursorRow>('event_cursor');
  readonly sagaStep = new Table<SagaStepRow>('saga_step');
  /** Held, by a saga's step, by whoever has it in hand. */
  readonly sagaClaim = new Table<object>('saga_claim');
  readonly eventParked = new Table<ParkedRow>('event_parked', {
    check: ({ state, nextAttemptAtMs, neverGivesUp }) =>
      state === 'DEAD' && ((nextAttemptAtMs !== null && 'dead is never due') || (neverGivesUp && 'a compensation never dies')),
    unique: { place: ({ of, event }) => `${of.subscriber} ${of.type} ${of.source} ${event.subject} ${event.position}` },
  });
  /** Held by whoever needs the floors of a domain's log to stay where they are. */
  readonly logGate = new Table<object>('log_gate');
  readonly logs = new Map<string, LogTable>();

  /** Circles of waiters that the code made by itself, or could have made: it promises to make none. */
  readonly deadlocks: string[] = [];
  private readonly lockOrder = new LockOrder();
  /** Every durable event that a subscriber handled, by `<subscriber> <event>`, with the order of the commits. */
  readonly handled = new Map<string, number[]>();
  /** Counts commits: whoever looks at the tables again need not when it has not moved. */
  version = 0;
  clockOffsetMs = 0;

  /** Told of every row that a commit changes, and of when its transaction began by the database's clock. */
  watch: (table: string, before: object | undefined, after: object | undefined, nowMs: number, key: Key) => void = () => {};

  private readonly open = new Set<MemoryTransaction>();
  private transactions = 0;
  private parkedIds = 0;

  nextParkedId = (): number => ++this.parkedIds;

  constructor(
    readonly scheduler: Scheduler,
    readonly io: Io,
  ) {}

  /** `clock_timestamp()`, as virtual milliseconds. */
  get nowMs(): number {
    return this.scheduler.nowMs + this.clockOffsetMs;
  }

  get isIdle(): boolean {
    return this.open.size === 0;
  }

  begin(domain: string, context: Context): MemoryTransaction {
    this.transactions++;
    const tx = new MemoryTransaction(this, domain, context, this.transactions, this.nowMs);
    this.open.add(tx);
    return tx;
  }

  /** One statement that is its own transaction. */
  alone<T>(domain: string, context: Context, label: string, planFor: (tx: MemoryTransaction) => Plan<T>): Promise<T> {
    return this.io.perform({ kind: 'autocommit', label, domain, context, tx: undefined }, () => {
      const tx = this.begin(domain, context);
      const result = tx.execute(planFor(tx));
      const end = (value: T): T => {
        tx.commit();
        return value;
      };
      return result instanceof Promise ? result.then(end) : end(result);
    });
  }

  /** A statement that only looks. */
  look<T>(domain: string, context: Context, label: string, see: () => T): Promise<T> {
    return this.io.perform({ kind: 'look', label, domain, context, tx: undefined }, see);
  }

  logOf(domain: string): LogTable {
    const log = this.logs.get(domain) ?? new LogTable(domain);
    this.logs.set(domain, log);
    return log;
  }

  *events(): Generator<LoggedEvent> {
    for (const log of this.logs.values()) yield* log.all();
  }

  committed(tx: MemoryTransaction): void {
    this.version++;
    this.open.delete(tx);
    for (const { log, event } of tx.appends) log.write(event);
  }

  /** A subscriber has handled an event, in a commit. */
  handle(handling: string): void {
    const times = this.handled.get(handling) ?? [];
    times.push(this.version);
    this.handled.set(handling, times);
  }

  /** J5, S1, G3 and the table "Lock order" of the architecture. */
  waitsInOrder({ domain }: MemoryTransaction, held: readonly string[], wanted: string): void {
    const circle = held.length > 0 && this.deadlocks.length === 0 ? this.lockOrder.wants(held, wanted) : undefined;
    if (circle) this.deadlocks.push(`in two transactions of ${domain}, ${circle}`);
  }

  ended(tx: MemoryTransaction): void {
    this.open.delete(tx);
  }

  /** The connections of a process, or those of a domain, break: the server rolls back what was open on them. */
  breakConnections(whose: (tx: MemoryTransaction) => boolean, fault: Error): void {
    for (const tx of [...this.open].filter(whose)) tx.rollBack(fault);
  }
}

export interface SagaStepRow {
  readonly step: string;
  readonly sagaId: number;
  readonly state: 'DONE' | 'REFUSED' | 'UNDONE';
  readonly record: unknown;
}

export interface CursorRow {
  readonly position: number;
  readonly lease?: { readonly token: string; readonly untilMs: number };
}

export interface ParkedRow {
  readonly parkedId: number;
  readonly of: Subscriber;
  readonly event: LoggedEvent;
  readonly neverGivesUp: boolean;
  readonly state: 'WAITING' | 'DEAD';
  readonly attempts: number;
  readonly failuresTotal: number;
  readonly nextAttemptAtMs: number | null;
}
