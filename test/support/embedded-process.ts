import { startEmbeddedPostgres } from '../../src/database/embedded/embedded-postgres.js';

// A program of its own around the embedded database, for tests that kill it: `node … embedded-process.ts DATA_DIR [PACKAGE_FOLDER]`.
// Prints one JSON line, {url} or {error}; SIGTERM waits a moment, as a drain does, and stops.
const [dataDir = '', packageFolder] = process.argv.slice(2);
const drainMs = 300;

try {
  const postgres = await startEmbeddedPostgres({
    dataDir,
    withoutSync: true,
    settings: { fsync: 'off', shared_buffers: '16MB' },
    ...(packageFolder ? { packageFolder } : {}),
  });
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => setTimeout(() => void postgres.stop().then(() => process.exit(0)), drainMs));
  setInterval(() => {}, 1_000_000);
  console.log(JSON.stringify({ url: postgres.url }));
} catch (error) {
  console.log(JSON.stringify({ error: (error as Error).message }));
  process.exit(1);
}
