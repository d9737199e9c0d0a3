import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { asUnavailable, CONNECT_TIMEOUT_MS, type Queryable, type Statement, types } from './database.js';

/** 57014: a statement ran over its time. 25P03: we left the transaction lying for too long. */
const OUT_OF_TIME = new Set(['57014', '25P03']);

/** Setting it costs a round trip; so a statement may run over by this much. */
const TIME_SET_EVERY_MS = 1_000;

export interface SnapshotSessionOptions {
  readonly url: string;
  /** What an operator sees in `pg_stat_activity`. */
  readonly name: string;
  readonly timeMsMax: number;
}

/** Reading took longer than it was allowed to, and was ended. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
}

/**
 * A session of its own, outside every pool, that looks at its database as it was at one moment.
 *
 * Q1: all statements after `take` see the moment of `take`, whatever is committed meanwhile.
 * Q2: only temporary tables are written, and no row is locked: nobody waits for a reader, and a reader waits for nobody who writes rows.
 * Q3: it ends in bounded time, whatever becomes of us: the server itself ends a statement that runs over the time that is
 *     left, and a transaction that nobody speaks in. So it holds back the clean-up of dead rows no longer than that.
 */
export class SnapshotSession implements Queryable {
  private timeSetAtMs = -Infinity;

  private constructor(
    private readonly client: pg.Client,
    private readonly endsAtMs: number,
  ) {}

  static async connect({ url, name, timeMsMax }: SnapshotSessionOptions): Promise<SnapshotSession> {
    const client = new pg.Client({
      connectionString: url,
      application_name: name,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: timeMsMax,
      types,
    });
    // A connection that breaks fails the next statement; without a listener it would end the process.
    client.on('error', () => {});
    try {
      await client.connect();
    } catch (error) {
      throw asUnavailable(error);
    }
    return new SnapshotSession(client, performance.now() + timeMsMax);
  }

  /** Q1. @returns the database's clock just after. */
  async take(): Promise<Date> {
    await this.inTime(() => this.client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY'));
    const { rows } = await this.inTime(() => this.client.query<{ at: Date }>('SELECT clock_timestamp() AS at'));
    return (rows[0] as { at: Date }).at;
  }

  async query<Row extends object>({ name, text }: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    const { rows } = await this.inTime(() => this.client.query<Row>({ name, text, values: values as unknown[] }));
    return rows;
  }

  /** One or several statements without parameters and without an answer. */
  async run(statements: string): Promise<void> {
    await this.inTime(() => this.client.query(statements));
  }

  /** The rows of a query here become rows of a temporary table there; only a buffer of them is ever in this process. */
  async copy(query: string, there: SnapshotSession, table: string): Promise<void> {
    await this.inTime(() =>
      there.inTime(() =>
        pipeline(
          this.client.query(copyTo(`COPY (${query}) TO STDOUT (FORMAT binary)`)),
          there.client.query(copyFrom(`COPY ${table} FROM STDIN (FORMAT binary)`)),
        ),
      ),
    );
  }

  /** Fills a temporary table with lines of PostgreSQL's text format. */
  async load(lines: AsyncIterable<string>, table: string): Promise<void> {
    await this.inTime(() => pipeline(Readable.from(lines), this.client.query(copyFrom(`COPY ${table} FROM STDIN`))));
  }

  /** Ends the session, and with it the snapshot and the temporary tables; a statement that is running is abandoned. */
  async close(): Promise<void> {
    await this.client.end();
  }

  private async inTime<T>(run: () => Promise<T>): Promise<T> {
    const nowMs = performance.now();
    const leftMs = Math.ceil(this.endsAtMs - nowMs);
    if (leftMs <= 0) throw new OutOfTime('no time left');
    try {
      if (nowMs - this.timeSetAtMs > TIME_SET_EVERY_MS) {
        await this.client.query(`SET statement_timeout = ${leftMs}`);
        this.timeSetAtMs = nowMs;
      }
      return await run();
    } catch (error) {
      if (OUT_OF_TIME.has((error as { code?: string }).code ?? '')) throw new OutOfTime('the time was up', { cause: error });
      throw asUnavailable(error);
    }
  }
}
