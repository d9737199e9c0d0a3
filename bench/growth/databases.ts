import { execFileSync } from 'node:child_process';
import { withDatabase } from '../../src/database/database-url.js';
import { startEmbeddedPostgres } from '../../src/database/embedded/embedded-postgres.js';
import { migrate } from '../../src/database/migrate.js';
import { DOMAINS, PLATFORM } from '../../test/support/postgres.js';
import { withAdmin } from '../with-admin.js';
import { generateShop, type ShopSize } from './generate-shop.js';

/** Nothing of it is lost that could not be generated again. */
const WHILE_GENERATING = {
  fsync: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  shared_buffers: '1GB',
  max_wal_size: '32GB',
  checkpoint_timeout: '1h',
};

/** A database for each shop, named as it is, in a new cluster that is stopped again. @returns the bytes of each */
export async function generateDatabases<Name extends string>(
  dataDir: string,
  sizes: Readonly<Record<Name, ShopSize>>,
  say: (text: string) => void,
): Promise<Readonly<Record<Name, number>>> {
  const generating = await startEmbeddedPostgres({ dataDir, settings: WHILE_GENERATING });
  const bytes = {} as Record<Name, number>;
  for (const [name, size] of Object.entries(sizes) as [Name, ShopSize][]) {
    await withAdmin(generating.url, (admin) => admin.query(`CREATE DATABASE ${name}`));
    const url = withDatabase(generating.url, name);
    await migrate({ url, domains: DOMAINS, platform: PLATFORM });
    await generateShop(url, size, (what, seconds) => {
      if (seconds >= 1) say(`  ${seconds.toFixed(0).padStart(4)} s  ${what}`);
    });
    const { rows } = await withAdmin(url, (admin) => admin.query<{ bytes: number }>(SIZE));
    bytes[name] = rows[0]?.bytes ?? NaN;
  }
  await generating.stop();
  // What is still to be written would be written while we measure.
  execFileSync('sync');
  return bytes;
}

const SIZE = 'SELECT pg_database_size(current_database())::float8 AS bytes';
