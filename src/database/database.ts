import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { failpoint } from '../kernel/failpoint.js';
import { Unavailable } from '../kernel/faults.js';
import { type Transaction, UnitOfWork } from '../kernel/transaction.js';
import { GatheringSocket } from './gathering-socket.js';
import { parameterOf } from './parameters.js';

/** A named prepared statement: parsed and planned once per connection. `text` is plain SQL with `$1` parameters. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** `sql('product.lock-options', 'SELECT …')`. The name is global: start it with the domain. */
export const sql = (name: string, text: string): Statement => ({ name, text });

export interface Queryable {
  /** Runs one statement; int8 arrives as number, timestamptz as Date, jsonb parsed. */
  query<Row extends object>(statement: Statement, values?: readonly unknown[]): Promise<Row[]>;
}

export interface DatabaseOptions {
  readonly url: string;
  readonly poolConnectionsMax?: number;
  /** A statement that waits longer for a lock fails. */
  readonly lockWaitMsMax?: number;
}

const TRANSACTION_ATTEMPTS_MAX = 5;
const RETRY_DELAY_MS_MAX = 200;
/** Batches come as arrays: one plan fits all of them, and whoever plans or compiles a statement again and again pays for it again and again. */
const SESSION_OPTIONS = '-c plan_cache_mode=force_generic_plan -c jit=off';
export const CONNECT_TIMEOUT_MS = 10_000;
/** Serialization failure and deadlock: the transaction did nothing and may run again. */
const RETRYABLE = new Set(['40001', '40P01']);
/** Class 08 (connection), 57P (shutdown, crash, cannot connect now), 53300 (too many connections), and the socket's own errors. */
const AWAY_CODES = /^(08|57P|53300|ECONN|EPIPE|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH)/;
const AWAY_MESSAGES = /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/;

/** How values arrive: int8 as number, the rest as `pg` does it. */
export const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === pg.types.builtins.INT8 ? safeInteger : (pg.types.getTypeParser(oid, format) as (text: string) => unknown),
};

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint out of the safe range: ${text}`);
  return value;
}

/**
 * One PostgreSQL database with one bounded pool.
 *
 * D1: a transaction never asks the pool for a second connection; asking is a programming fault and throws, because
 *     with every connection held by a waiter nothing would ever move again.
 * D2: only 40001 and 40P01 are retried, a bounded number of times with jitter. An unknown commit is a fault.
 * D3: BEGIN travels with the first statement and COMMIT with the last ones that nobody waits for ({@link PgTransaction.send}): the
 *     server runs them in order, and after a failure nothing but the ROLLBACK that it makes of a COMMIT.
 */
export class Database implements Queryable {
  private readonly pool: pg.Pool;
  private readonly inTransaction = new AsyncLocalStorage<boolean>();

  constructor(options: DatabaseOptions) {
    this.pool = new pg.Pool({
      connectionString: options.url,
      max: options.poolConnectionsMax ?? 16,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      pipeline: true,
      stream: () => new GatheringSocket(),
      options: SESSION_OPTIONS,
      ...(options.lockWaitMsMax === undefined ? {} : { lock_timeout: options.lockWaitMsMax }),
      types,
    });
    // An idle connection that breaks (server restart) is replaced at the next use; without a listener it would end the process.
    this.pool.on('error', () => {});
    // The same for one in use, in a transaction: its next statement fails, and so the transaction does.
    this.pool.on('connect', (client) => client.on('error', () => {}));
  }

  async query<Row extends object>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    this.refuseSecondConnection();
    failpoint(statement.name, 'before statement');
    try {
      const result = await this.pool.query<Row>({ ...statement, values: values.map(parameterOf) });
      failpoint(statement.name, 'after statement');
      return result.rows;
    } catch (error) {
      throw asUnavailable(error);
    }
  }

  /** Runs `work` in a transaction of `domain`; see {@link UnitOfWork.run}. */
  async transaction<T>(domain: string, work: (tx: PgTransaction) => Promise<T>, name?: string): Promise<T> {
    this.refuseSecondConnection();
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.attemptTransaction(domain, work, name);
      } catch (error) {
        if (!isRetryable(error) || attempt >= TRANSACTION_ATTEMPTS_MAX) throw asUnavailable(error);
        await sleep(Math.random() * Math.min(RETRY_DELAY_MS_MAX, 10 * 2 ** attempt));
      }
    }
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  private async attemptTransaction<T>(domain: string, work: (tx: PgTransaction) => Promise<T>, name?: string): Promise<T> {
    const client = await this.pool.connect();
    const tx = new PgTransaction(client, domain, name);
    let broken: Error | undefined;
    let value: T;
    try {
      tx.send('BEGIN');
      value = await this.inTransaction.run(true, async () => {
        const result = await work(tx);
        await tx.aboutToCommit();
        return result;
      });
      failpoint(name, 'before commit');
      const committing = client.query('COMMIT');
      // When it has left, which the socket does at the end of this turn.
      process.nextTick(failpoint, name, 'during commit');
      const [{ command }] = await Promise.all([committing, ...tx.sent]);
      failpoint(name, 'after commit');
      // PostgreSQL answers COMMIT of an aborted transaction with ROLLBACK and no error: somebody swallowed a failure.
      if (command !== 'COMMIT') throw new Error('the transaction was aborted by a failed statement whose error was swallowed');
    } catch (error) {
      await client.query('ROLLBACK').catch((failure: Error) => (broken = failure));
      // What was sent and not waited for failed before whatever failed after it.
      throw tx.failure ?? error;
    } finally {
      client.release(broken);
    }
    tx.committed();
    return value;
  }

  /** D1. */
  refuseSecondConnection(): void {
    if (this.inTransaction.getStore()) throw new Error('a transaction is open here: use it, do not take a second connection');
  }
}

/** One domain's view of its database: what that domain's repositories, listeners and use cases work with. */
export class DomainDatabase extends UnitOfWork implements Queryable {
  constructor(
    private readonly database: Database,
    readonly domain: string,
  ) {
    super();
  }

  query<Row extends object>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    return this.database.query<Row>(statement, values);
  }

  override run<T>(work: (tx: Transaction) => Promise<T>, name?: string): Promise<T> {
    return this.database.transaction(this.domain, work, name);
  }
}

export class PgTransaction implements Transaction, Queryable {
  /** Statements on their way whose answers nobody waits for before the commit. */
  readonly sent: Promise<unknown>[] = [];
  /** Of the first of them that failed. */
  failure: unknown;
  private readonly lastStatements: (() => Promise<void>)[] = [];
  private readonly hints: (() => void)[] = [];

  constructor(
    private readonly client: pg.PoolClient,
    readonly domain: string,
    /** Of the work that it carries, for failpoints. */
    readonly name?: string,
  ) {}

  async query<Row extends object>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    const result = await this.client.query<Row>({ ...statement, values: values.map(parameterOf) });
    return result.rows;
  }

  /**
   * Runs a statement whose rows nobody needs, without waiting for it: it runs before all later ones, and when it fails, so does
   * the transaction (D3).
   */
  send(statement: Statement | 'BEGIN', values: readonly unknown[] = []): void {
    void this.followed(this.client.query(statement === 'BEGIN' ? statement : { ...statement, values: values.map(parameterOf) }));
  }

  /**
   * Like {@link send}, for rows that decide nothing in this transaction: what `answerOf` makes of them may be awaited when it has ended.
   * Whoever makes another promise of it answers for that one's failure: this one's is the transaction's.
   */
  sendFor<Answer>(statement: Statement, values: readonly unknown[], answerOf: (rows: readonly never[]) => Answer): Promise<Answer> {
    return this.followed(this.query<never>(statement, values).then(answerOf));
  }

  beforeCommit(lastStatement: () => Promise<void>): void {
    this.lastStatements.push(lastStatement);
  }

  afterCommit(hint: () => void): void {
    this.hints.push(hint);
  }

  private followed<T>(sending: Promise<T>): Promise<T> {
    sending.catch((failure: unknown) => (this.failure ??= failure));
    this.sent.push(sending);
    return sending;
  }

  async aboutToCommit(): Promise<void> {
    // One connection runs one statement at a time: in sequence, in the order they were asked for.
    for (const statement of this.lastStatements) await statement();
  }

  committed(): void {
    for (const hint of this.hints) hint();
  }
}

/** What infrastructure calls to reach the SQL behind the transaction that application code handed it. */
export function pgTransaction(tx: Transaction): PgTransaction {
  if (tx instanceof PgTransaction) return tx;
  throw new TypeError('this transaction is not a PostgreSQL transaction');
}

function isRetryable(error: unknown): boolean {
  return error instanceof pg.DatabaseError && RETRYABLE.has(error.code ?? '');
}

/** Says of a lost or refused connection that the database is away; every other error stays what it is. */
export function asUnavailable(error: unknown): unknown {
  const code = (error as { code?: string } | null)?.code ?? '';
  const message = error instanceof Error ? error.message : '';
  const away = AWAY_CODES.test(code) || AWAY_MESSAGES.test(message);
  return away ? new Unavailable('the database is not available', { cause: error }) : error;
}
