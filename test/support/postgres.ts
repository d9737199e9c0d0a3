import { rmSync } from 'node:fs';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { temporaryFolder } from '../../infra/temporary-folder.js';
import { withDatabase } from '../../src/database/database-url.js';
import { startEmbeddedPostgres } from '../../src/database/embedded/embedded-postgres.js';
import { migrate } from '../../src/database/migrate.js';

export const DOMAINS = ['order', 'product', 'coupon', 'user', 'cart', 'notification'];
export const PLATFORM = ['http', 'database'];
export const TEMPLATE = 'shop_template';

/** Tests may lose everything in a power cut, so they need not wait for disks. */
const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  autovacuum_naptime: '10s',
  max_connections: '300',
  shared_buffers: '64MB',
};

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string;
    /** Why the template could not be migrated, or empty. Tests without a database run all the same. */
    templateProblem: string;
  }
}

/** One PostgreSQL for the whole run, with one migrated database that `freshDatabase` copies. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = temporaryFolder();
  const postgres = await startEmbeddedPostgres({ dataDir, withoutSync: true, settings: SETTINGS });
  project.provide('postgresUrl', postgres.url);
  project.provide('templateProblem', await makeTemplate(postgres.url));
  return async () => {
    await postgres.stop('immediate');
    rmSync(dataDir, { recursive: true, force: true });
  };
}

async function makeTemplate(url: string): Promise<string> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    await admin.query(`CREATE DATABASE ${TEMPLATE}`);
    await migrate({ url: withDatabase(url, TEMPLATE), domains: DOMAINS, platform: PLATFORM });
    return '';
  } catch (error) {
    return (error as Error).message;
  } finally {
    await admin.end();
  }
}
