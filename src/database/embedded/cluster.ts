import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Binaries } from './binaries.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { runAs, type ServerUser } from './server-user.js';

/** The superuser of the embedded database, and the name of the database. */
export const SUPERUSER = 'ordersaga';

/** Nothing of our own environment, which may hold secrets, reaches PostgreSQL. A fixed TZ saves initdb from searching for one. */
export const SERVER_ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', TZ: 'UTC', LC_ALL: 'C' };

export interface NewCluster {
  readonly clusterDir: string;
  readonly binaries: Binaries;
  readonly user: ServerUser;
  readonly password: string;
  /** For tests only: a power cut may lose the cluster. */
  readonly withoutSync: boolean;
}

/**
 * The name by which PostgreSQL, started inside `clusterDir`, finds it. Its own user may not walk the absolute path (a clone in
 * `/root`, 0700), but its own working folder is always open to it.
 */
export const ownName = (clusterDir: string): string => (process.platform === 'linux' ? '/proc/self/cwd' : clusterDir);

export const ownerOf = (clusterDir: string): Stats | null => statSync(clusterDir, { throwIfNoEntry: false }) ?? null;

/** @throws EmbeddedPostgresError when the folder holds something else, or a database of another major version. */
export async function ensureCluster(cluster: NewCluster): Promise<void> {
  const versionFile = join(cluster.clusterDir, 'PG_VERSION');
  if (!existsSync(versionFile)) return await createCluster(cluster);
  const version = Number.parseInt(readFileSync(versionFile, 'utf8'), 10);
  if (version !== cluster.binaries.majorVersion) {
    throw new EmbeddedPostgresError(
      `The database in ${cluster.clusterDir} is of PostgreSQL ${version}; this Ordersaga brings ${cluster.binaries.majorVersion}. Dump it with the old version and load it into a new DATA_DIR.`,
    );
  }
  // A copy or `chown -R root` made by root: give it back to the user that must read it.
  if (cluster.user.switched && statSync(cluster.clusterDir).uid !== cluster.user.uid) giveTo(cluster.user, cluster.clusterDir);
}

/** Built beside its place and renamed into it, so that a crash in the middle leaves nothing half made. */
async function createCluster({ clusterDir, binaries, user, password, withoutSync }: NewCluster): Promise<void> {
  if (existsSync(clusterDir) && readdirSync(clusterDir).length > 0) {
    throw new EmbeddedPostgresError(`${clusterDir} holds something that is no database. Move it away, or set DATA_DIR to another folder.`);
  }
  const draft = `${clusterDir}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft);
  chmodSync(draft, 0o700);
  if (user.switched) chown(draft, user);
  await runInitdb(draft, binaries.initdb, user, password, withoutSync);
  renameSync(draft, clusterDir);
}

/**
 * The password travels through a pipe that the server's user opened itself, which it may open again as a file; one that we
 * opened as root it may not. Locale and encoding are PostgreSQL's own, the same on every machine.
 */
async function runInitdb(folder: string, initdb: string, user: ServerUser, password: string, withoutSync: boolean): Promise<void> {
  const options = [
    `--pgdata=${ownName(folder)}`,
    `--username=${SUPERUSER}`,
    '--pwfile=/dev/stdin',
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    ...(withoutSync ? ['--no-sync'] : []),
  ];
  const child = spawn('/bin/sh', ['-c', 'IFS= read -r password && printf "%s\\n" "$password" | "$@"', 'initdb', initdb, ...options], {
    cwd: folder,
    env: SERVER_ENVIRONMENT,
    stdio: ['pipe', 'ignore', 'pipe'],
    ...runAs(user),
  });
  const exited = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('exit', resolve));
  child.stdin.on('error', () => {});
  child.stdin.end(`${password}\n`);
  const [code, errors] = await Promise.all([exited, text(child.stderr)]).catch((cause: unknown) => {
    throw cannotRun(user, cause);
  });
  if (code !== 0) {
    const reason =
      errors
        .trim()
        .split('\n')
        .find((line) => /error|fatal/i.test(line)) ?? errors.trim().split('\n').at(-1);
    throw new EmbeddedPostgresError(
      `The embedded PostgreSQL cannot make its database: ${reason}. Start Ordersaga as another user, set DATA_DIR to another folder, or DATABASE_URL to a PostgreSQL of your own.`,
    );
  }
}

export const cannotRun = (user: ServerUser, cause: unknown): EmbeddedPostgresError =>
  new EmbeddedPostgresError(
    `The embedded PostgreSQL cannot be run as user ${user.uid} (${(cause as Error).message}). Start Ordersaga as another user, or set DATABASE_URL to a PostgreSQL of your own.`,
    { cause },
  );

function giveTo(user: ServerUser, folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    lchownSync(join(entry.parentPath, entry.name), user.uid, user.gid);
  }
  chown(folder, user);
}

function chown(path: string, user: ServerUser): void {
  try {
    chownSync(path, user.uid, user.gid);
  } catch (cause) {
    throw cannotRun(user, cause);
  }
}
