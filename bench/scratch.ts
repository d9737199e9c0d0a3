import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import pg from 'pg';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ServiceInstance } from '../infra/services/service-instance.js';
import { temporaryFolder } from '../infra/temporary-folder.js';
import { startEmbeddedPostgres } from '../src/database/embedded/embedded-postgres.js';
import { OPERATOR } from '../test/support/client.js';
import { SETTINGS } from '../test/support/shop.js';
const dataDir = temporaryFolder();
const postgres = await startEmbeddedPostgres({ dataDir });
const url = process.env['NOSEQ'] ? postgres.url + '?options=-c%20enable_seqscan%3Doff' : postgres.url;
const shop = await ServiceInstance.start({
  name: 'shop',
  program: ['main.js'],
  environment: { ...SETTINGS, DATABASE_URL: url, DATA_DIR: dataDir },
  logFolder: dataDir,
});
await shop.ready(60000);
const c = new pg.Client({ connectionString: postgres.url });
await c.connect();
const orders = process.argv[2] ?? '8000';
const { stdout } = await promisify(execFile)(
  process.execPath,
  [
    fileURLToPath(new URL('pay.ts', import.meta.url)),
    '--url',
    shop.address,
    '--email',
    OPERATOR.email,
    '--password',
    OPERATOR.password,
    '--orders',
    orders,
    '--clients',
    process.argv[3] ?? '32',
  ],
  { timeout: 400000 },
);
console.log(stdout);
const { rows } = await c.query(
  `select schemaname||'.'||relname t, n_live_tup live, seq_scan, seq_tup_read, idx_scan, n_tup_upd upd, n_tup_hot_upd hot, n_tup_newpage_upd newpage, n_dead_tup dead, autoanalyze_count aa, autovacuum_count av from pg_stat_user_tables where schemaname like 'shop_%' and (seq_tup_read > 1000 or n_tup_upd > 100) order by seq_tup_read desc`,
);
console.table(rows);
await c.end();
await shop.stop();
await postgres.stop();
rmSync(dataDir, { recursive: true, force: true });
process.exit();
