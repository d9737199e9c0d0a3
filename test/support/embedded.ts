import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from '../../src/database/embedded/embedded-postgres.js';

const WAIT_MS_MAX = 40_000;

/** A folder for one test, open to nobody else (0700), as `mkdtemp` makes it. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'ordersaga-runtime-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }) };
}

export const startForTest = (options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> =>
  startEmbeddedPostgres({ withoutSync: true, ...options, settings: { fsync: 'off', shared_buffers: '16MB', ...options.settings } });

/** Another program that owns an embedded database. */
export interface EmbeddedProcess {
  readonly child: ChildProcess;
  readonly answer: { readonly url?: string; readonly error?: string };
  /** Ends it by `signal` and waits until it is gone. */
  end(signal: NodeJS.Signals): Promise<void>;
}

export async function startEmbeddedProcess(
  dataDir: string,
  options: { uid?: number; gid?: number; packageFolder?: string } = {},
): Promise<EmbeddedProcess> {
  const { packageFolder, ...user } = options;
  const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(
    process.execPath,
    ['--import', here('typescript-imports.mjs'), here('embedded-process.ts'), dataDir, ...(packageFolder ? [packageFolder] : [])],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      ...user,
    },
  );
  const exited = once(child, 'exit');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    child,
    answer: JSON.parse(line) as EmbeddedProcess['answer'],
    async end(signal) {
      child.kill(signal);
      await exited;
    },
  };
}

export async function query<Row extends object>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

export const postmasterPid = (dataDir: string): number =>
  Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);

/** Every process that works in the database folder: PostgreSQL's own, and its supervisor. */
export function processesOn(dataDir: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readlinkSync(`/proc/${name}/cwd`) === join(dataDir, 'postgres');
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Kill -9 of all of them; one that goes down because another did is fine too. */
export function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

export async function expectEventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + WAIT_MS_MAX; Date.now() < deadline; await sleep(20)) if (await holds()) return;
  throw new Error(`in ${WAIT_MS_MAX} ms it never came true that ${what}`);
}
