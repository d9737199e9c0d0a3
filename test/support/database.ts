import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { withDatabase } from '../../src/database/database-url.js';
import { migrate } from '../../src/database/migrate.js';
import { TEMPLATE } from './postgres.js';

export interface FreshDatabase {
  readonly url: string;
  /** Also ends the sessions that a test forgot. */
  readonly drop: () => Promise<void>;
}

export interface FreshDatabaseOptions {
  /** Migrate only these schemas, into an empty database (slower than copying the template of all). */
  readonly domains?: readonly string[];
  readonly platform?: readonly string[];
  /** Left out: the server of the test run, the only one that has the template. */
  readonly postgresUrl?: string;
}

/** An empty, migrated database of this test's own. */
export async function freshDatabase({
  postgresUrl = inject('postgresUrl'),
  ...options
}: FreshDatabaseOptions = {}): Promise<FreshDatabase> {
  const fromTemplate = options.domains === undefined && options.platform === undefined;
  if (fromTemplate && inject('templateProblem') !== '') throw new Error(inject('templateProblem'));
  const name = `test_${randomBytes(8).toString('hex')}`;
  const url = withDatabase(postgresUrl, name);
  // Without fsync its checkpoints cost nothing: 25 ms, against 45 ms for wal_log.
  await asAdmin(postgresUrl, `CREATE DATABASE ${name} TEMPLATE ${fromTemplate ? TEMPLATE : 'template0'} STRATEGY file_copy`);
  if (!fromTemplate) await migrate({ url, domains: [], ...options });
  return { url, drop: () => asAdmin(postgresUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function asAdmin(postgresUrl: string, statement: string): Promise<void> {
  const admin = new pg.Client({ connectionString: postgresUrl });
  await admin.connect();
  try {
    await admin.query(statement);
  } finally {
    await admin.end();
  }
}
