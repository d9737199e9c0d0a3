import { execFileSync } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Stage } from '../stage.js';

const SETTINGS = `SELECT name, setting || coalesce(unit, '') AS setting FROM pg_settings WHERE name = ANY ($1) ORDER BY name`;
const TELLING = [
  'autovacuum',
  'fsync',
  'full_page_writes',
  'max_connections',
  'max_wal_size',
  'server_version',
  'shared_buffers',
  'synchronous_commit',
  'wal_level',
  'wal_sync_method',
];

/** What figures mean nothing without. */
export interface Surroundings {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly platform: string;
  /** Of the last minute, before anything was started: what else the machine was doing. */
  readonly loadBefore: number;
  readonly node: string;
  readonly pgbench: string | null;
  readonly postgres: Readonly<Record<string, string>>;
  readonly commit: string;
}

export async function surroundingsOf(
  { admin, pgbenchVersion }: Pick<Stage, 'admin' | 'pgbenchVersion'>,
  loadBefore: number,
): Promise<Surroundings> {
  const { rows } = await admin.query<{ name: string; setting: string }>(SETTINGS, [TELLING]);
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    loadBefore,
    node: process.version,
    pgbench: pgbenchVersion,
    postgres: Object.fromEntries(rows.map(({ name, setting }) => [name, setting])),
    commit: commit(),
  };
}

export const loadOfTheLastMinute = (): number => loadavg()[0] ?? NaN;

/** With a `+` when the files are not those of the commit. */
function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : '+');
  } catch {
    return 'not known';
  }
}
