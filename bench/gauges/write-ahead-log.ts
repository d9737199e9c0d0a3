import type pg from 'pg';

const POSITION = `SELECT pg_current_wal_insert_lsn() AS position`;
const WRITTEN = `
  SELECT pg_wal_lsn_diff($2::pg_lsn, $1::pg_lsn)::float8 AS "walBytes",
         coalesce(sum(fpi_size), 0)::float8 AS "pageImageBytes",
         coalesce(sum(count) FILTER (WHERE "resource_manager/record_type" LIKE 'Transaction/COMMIT%'), 0)::float8 AS commits
  FROM pg_get_wal_stats($1::pg_lsn, $2::pg_lsn, true)`;
const STATEMENTS = `
  SELECT coalesce(sum(calls), 0)::float8 AS statements FROM pg_stat_statements
  WHERE dbid = (SELECT oid FROM pg_database WHERE datname = $1)`;

/** What the shop asked of PostgreSQL, counted by PostgreSQL itself. */
export interface DatabaseWork {
  readonly statements: number;
  /** Transactions that wrote, from their commit records in the write-ahead log. */
  readonly commits: number;
  readonly walBytes: number;
  /** Of these bytes, whole pages at their first change after a checkpoint. */
  readonly pageImageBytes: number;
}

/** Without this nothing is counted, and counting costs nothing; `pg_stat_statements` must be preloaded. */
export async function prepareCounting(admin: pg.Client): Promise<void> {
  await admin.query('CREATE EXTENSION pg_stat_statements');
  await admin.query('CREATE EXTENSION pg_walinspect');
  await countStatements(admin, false);
}

/** Counts what is done in one database, from `begin` to `end`. `admin` is connected to another one. */
export class WorkCount {
  private constructor(
    private readonly admin: pg.Client,
    private readonly from: string,
  ) {}

  static async begin(admin: pg.Client): Promise<WorkCount> {
    await countStatements(admin, true);
    await admin.query('SELECT pg_stat_statements_reset()');
    return new WorkCount(admin, await positionOf(admin));
  }

  async end(database: string): Promise<DatabaseWork> {
    const to = await positionOf(this.admin);
    const { rows: counted } = await this.admin.query<{ statements: number }>(STATEMENTS, [database]);
    const { rows: written } = await this.admin.query<Omit<DatabaseWork, 'statements'>>(WRITTEN, [this.from, to]);
    await countStatements(this.admin, false);
    return { statements: 0, commits: 0, walBytes: 0, pageImageBytes: 0, ...counted[0], ...written[0] };
  }
}

async function positionOf(admin: pg.Client): Promise<string> {
  const { rows } = await admin.query<{ position: string }>(POSITION);
  return rows[0]?.position ?? '0/0';
}

/** For all sessions, those of the shop's pool included. */
async function countStatements(admin: pg.Client, on: boolean): Promise<void> {
  await admin.query(`ALTER SYSTEM SET pg_stat_statements.track = '${on ? 'top' : 'none'}'`);
  await admin.query('SELECT pg_reload_conf()');
}
