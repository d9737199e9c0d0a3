import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  constants,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { mayEnter, mayExecute, type ServerUser } from './server-user.js';

/** PostgreSQL's programs, in a folder where `user` can run them. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly majorVersion: number;
}

const PROGRAM_MODE = 0o755;
const WRITABLE_BY_OTHERS = 0o022;
/** Static libraries and build files: no server needs them. */
const NEEDLESS = /\.a$|^pkgconfig$|^pgxs$/;
const CANNOT_WRITE = new Set(['EROFS', 'EACCES', 'EPERM']);

/**
 * Finds the npm package of this platform, restores the links between its libraries (npm packages cannot hold links, and its
 * install script need not run), and copies it when that cannot be done in place or `user` cannot get there.
 *
 * @param packageFolder for tests: a package elsewhere.
 * @throws EmbeddedPostgresError when there is no package, or no place for a copy.
 */
export function usableBinaries(user: ServerUser, dataDir: string, packageFolder = installedPackage()): Binaries {
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  const native = join(packageFolder, 'native');
  const usable = linkLibraries(native, linksOf(native)) && runnableBy(user, native) ? native : copyOf(native, version, user, dataDir);
  return { initdb: join(usable, 'bin', 'initdb'), postgres: join(usable, 'bin', 'postgres'), majorVersion: Number.parseInt(version, 10) };
}

function installedPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `There is no embedded PostgreSQL for this machine (${name} is not installed). Run npm ci without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own.`,
      { cause },
    );
  }
}

interface LibraryLink {
  readonly source: string;
  readonly target: string;
}

function linksOf(native: string): LibraryLink[] {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as LibraryLink[];
  return links.map(({ source, target }) => ({ source: basename(source), target: target.replace(/^native\//, '') }));
}

/** Safe when several processes do it at once: a link appears complete or not at all. False: this place is read-only. */
function linkLibraries(native: string, links: readonly LibraryLink[]): boolean {
  for (const { source, target } of links) {
    const path = join(native, target);
    if (lstatSync(path, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(source, path);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (CANNOT_WRITE.has(code)) return false;
      if (code !== 'EEXIST') throw error;
    }
  }
  return true;
}

const runnableBy = (user: ServerUser, native: string): boolean =>
  mayExecute(user, join(native, 'bin', 'postgres')) && mayEnter(user, join(native, 'lib')) && mayEnter(user, join(native, 'share'));

/** The copy is a cache: made once per version, never written again, lost without harm. */
function copyOf(native: string, version: string, user: ServerUser, dataDir: string): string {
  const tried: string[] = [];
  for (const home of cacheHomes(user, dataDir)) {
    try {
      mkdirSync(home, { recursive: true, mode: PROGRAM_MODE });
      if (!ownedByUs(home) || !mayEnter(user, home)) throw new Error('closed to others');
      const copy = join(home, `postgresql-${version}`);
      if (lstatSync(copy, { throwIfNoEntry: false })) return copy;
      return makeCopy(native, copy);
    } catch (error) {
      tried.push(`${home}: ${(error as Error).message}`);
    }
  }
  throw new EmbeddedPostgresError(
    `User ${user.uid} cannot run PostgreSQL from ${native}, and no folder takes a copy (${tried.join('; ')}). Start Ordersaga as another user, or set DATABASE_URL to a PostgreSQL of your own.`,
  );
}

function cacheHomes(user: ServerUser, dataDir: string): string[] {
  const beside = join(dataDir, 'programs');
  return user.switched ? [beside, '/var/cache/ordersaga', join(tmpdir(), 'ordersaga-programs')] : [beside];
}

/** In a shared folder like /tmp somebody else could have laid out programs for us to run. */
function ownedByUs(folder: string): boolean {
  const stats = lstatSync(folder);
  return stats.isDirectory() && stats.uid === process.getuid?.() && (stats.mode & WRITABLE_BY_OTHERS) === 0;
}

function makeCopy(native: string, copy: string): string {
  const draft = `${copy}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    copyFolder(native, draft);
    linkLibraries(draft, linksOf(draft));
    renameSync(draft, copy);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another process was faster, and its copy is as good.
    if (!['EEXIST', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  return copy;
}

function copyFolder(from: string, to: string): void {
  mkdirSync(to);
  chmodSync(to, PROGRAM_MODE);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (NEEDLESS.test(entry.name) || entry.isSymbolicLink()) continue;
    if (entry.isDirectory()) copyFolder(join(from, entry.name), join(to, entry.name));
    else {
      copyFileSync(join(from, entry.name), join(to, entry.name), constants.COPYFILE_FICLONE);
      chmodSync(join(to, entry.name), PROGRAM_MODE);
    }
  }
}
