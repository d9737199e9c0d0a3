import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';

export interface DataFolderLock {
  release(): void;
}

const SQLITE_BUSY = 5;

/**
 * Makes this process the only one that touches the database in `dataDir`, until it releases the lock or dies.
 *
 * The lock is an SQLite file in an exclusive transaction: the one kernel lock that Node can take without an add-on.
 * The kernel drops it with the process, even at kill -9, so there is no stale lock to guess about.
 *
 * @throws EmbeddedPostgresError when another process holds it, or the folder cannot be written.
 */
export function lockDataFolder(dataDir: string): DataFolderLock {
  const holderFile = join(dataDir, 'ordersaga.pid');
  makeWritable(dataDir);
  const file = new DatabaseSync(join(dataDir, 'ordersaga.lock'), { timeout: 0 });
  try {
    file.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    file.close();
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw cannotWrite(dataDir, error);
    throw new EmbeddedPostgresError(
      `The data folder ${dataDir} is in use by another running Ordersaga (pid ${holder(holderFile)}). Stop it, or set DATA_DIR to another folder.`,
    );
  }
  writeFileSync(holderFile, `${process.pid}\n`);
  return {
    release() {
      rmSync(holderFile, { force: true });
      file.close();
    },
  };
}

function makeWritable(dataDir: string): void {
  const probe = join(dataDir, `.writable-${process.pid}`);
  try {
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (error) {
    throw cannotWrite(dataDir, error);
  }
}

const cannotWrite = (dataDir: string, cause: unknown) =>
  new EmbeddedPostgresError(
    `The data folder ${dataDir} cannot be written (${(cause as NodeJS.ErrnoException).code}). Make it writable for this user, or set DATA_DIR to another folder.`,
    { cause },
  );

function holder(holderFile: string): string {
  try {
    return readFileSync(holderFile, 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
