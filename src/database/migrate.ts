import { readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

export interface MigrateOptions {
  readonly url: string;
  /** Each gets the schema `shop_<domain>` with the tables of `migrations/messaging` and of `migrations/<domain>`. */
  readonly domains: readonly string[];
  /** Parts of the platform with tables but no events, such as `http`: `shop_<part>` with the tables of `migrations/<part>`. */
  readonly platform?: readonly string[];
  readonly log?: (message: string) => void;
  /** For tests: a folder other than the project's `migrations/`. */
  readonly folder?: string;
}

/** As far from `src/database/` as from `dist/database/`. */
const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));
/** Every domain has its own event log and cursors, so the tables of messaging exist once per schema. */
const SHARED = 'messaging';
/** Any number of processes may start at once: one migrates, the others wait for it. */
const ADVISORY_LOCK = 4_071_965_113;
const SCHEMA_SUFFIX = /^[a-z][a-z0-9_]*$/;

/** One folder of SQL files and the table that remembers which of them ran. */
interface Track {
  readonly schema: string;
  readonly table: string;
  readonly folder: string;
  /** File names without `.sql`, in order. */
  readonly names: readonly string[];
}

/**
 * Brings the schemas of `domains` up to date. Costs two short statements when they are.
 *
 * @throws Error when a folder is missing, a statement fails (that folder's changes are rolled back), or the database has
 *   seen migrations that this version does not know.
 */
export async function migrate({ url, domains, platform = [], log = () => {}, folder = MIGRATIONS }: MigrateOptions): Promise<void> {
  const tracks = await Promise.all([
    ...platform.map((part) => trackOf(part, part, folder)),
    ...domains.flatMap((domain) => [trackOf(domain, SHARED, folder), trackOf(domain, domain, folder)]),
  ]);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    if (!(await anyPending(client, tracks))) return;
    await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK]);
    for (const track of tracks) await run(client, track, log);
  } finally {
    await client.end();
  }
}

async function trackOf(owner: string, part: string, root: string): Promise<Track> {
  if (!SCHEMA_SUFFIX.test(owner)) throw new Error(`"${owner}" cannot name a schema`);
  const folder = join(root, part);
  return { schema: `shop_${owner}`, table: `migrations_${part}`, folder, names: await migrationNames(folder) };
}

async function migrationNames(folder: string): Promise<string[]> {
  const files = await readdir(folder).catch((cause: unknown) => {
    throw new Error(`the migrations folder ${folder} is missing`, { cause });
  });
  return files
    .filter((file) => extname(file) === '.sql')
    .map((file) => basename(file, '.sql'))
    .toSorted();
}

async function anyPending(client: pg.Client, tracks: readonly Track[]): Promise<boolean> {
  const tables = await client.query<{ schema: string; table: string }>(
    'SELECT schemaname AS schema, tablename AS table FROM pg_tables WHERE schemaname = ANY($1) AND tablename = ANY($2)',
    [tracks.map(({ schema }) => schema), tracks.map(({ table }) => table)],
  );
  const known = tracks.filter((track) => tables.rows.some(({ schema, table }) => schema === track.schema && table === track.table));
  if (known.length === 0) return true;
  const applied = await client.query<{ track: number; name: string }>(
    known.map((track) => `SELECT ${tracks.indexOf(track)} AS track, name FROM "${track.schema}"."${track.table}"`).join(' UNION ALL '),
  );
  const pending = tracks.map((track, index) => {
    const done = new Set(applied.rows.filter((row) => row.track === index).map(({ name }) => name));
    refuseUnknown(track, done);
    return track.names.some((name) => !done.has(name));
  });
  return pending.includes(true);
}

function refuseUnknown({ schema, names }: Track, done: ReadonlySet<string>): void {
  const unknown = [...done].filter((name) => !names.includes(name));
  if (unknown.length === 0) return;
  throw new Error(`the schema ${schema} was migrated by a newer version (${unknown.join(', ')}): start that version, or another database`);
}

async function run(client: pg.Client, track: Track, log: (message: string) => void): Promise<void> {
  // Loaded only when there is work: it costs more than the whole check.
  const { runner } = await import('node-pg-migrate');
  const done = await runner({
    dbClient: client,
    dir: track.folder,
    ignorePattern: '(?!.*\\.sql$).*',
    schema: track.schema,
    createSchema: true,
    migrationsTable: track.table,
    direction: 'up',
    checkOrder: true,
    singleTransaction: true,
    noLock: true,
    logger: { info: () => {}, warn: log, error: log },
  }).catch((cause: unknown) => {
    throw new Error(`migrating ${track.schema} from ${track.folder} failed: ${(cause as Error).message}`, { cause });
  });
  for (const { name } of done) log(`${track.schema}: ${basename(track.folder)}/${name}`);
}
