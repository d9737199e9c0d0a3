import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';

const FAST_STOP_MS_MAX = 30_000;
const IMMEDIATE_STOP_MS_MAX = 10_000;
const KILLED_MS_MAX = 5_000;
const POLL_MS = 20;

const FAST = 'SIGINT';
const IMMEDIATE = 'SIGQUIT';

/**
 * Ends what an earlier, killed Ordersaga left running on `clusterDir`: a postmaster that goes down just now because its
 * supervisor saw the end of our predecessor, one whose supervisor was killed too, or sessions whose postmaster was killed.
 * Only the holder of the data folder's lock may call this: only then do these processes have no owner.
 *
 * @returns the pid that a stale `postmaster.pid` names, when an unrelated process has it now; else null.
 */
export async function stopLeftovers(clusterDir: string, log: (message: string) => void): Promise<number | null> {
  const lockFile = join(clusterDir, 'postmaster.pid');
  if (!existsSync(lockFile)) return null;
  const postmaster = postmasterStatus(clusterDir)?.pid ?? null;
  const steps = [
    { signal: FAST, waitMsMax: FAST_STOP_MS_MAX },
    { signal: IMMEDIATE, waitMsMax: IMMEDIATE_STOP_MS_MAX },
    { signal: 'SIGKILL', waitMsMax: KILLED_MS_MAX },
  ] as const;
  for (const { signal, waitMsMax } of steps) {
    const left = serverProcesses(clusterDir, postmaster);
    if (left.length === 0) {
      // Empty, as a full disk leaves it: PostgreSQL would refuse to start, and nobody is there whom it could protect.
      if (postmaster === null) rmSync(lockFile);
      return postmaster !== null && isAlive(postmaster) ? postmaster : null;
    }
    log(`stopping the PostgreSQL that an earlier run left behind (pid ${left.join(', ')}, ${signal})`);
    // Sessions without their postmaster take SIGINT for "cancel the query" and would live on.
    if (postmaster !== null && left.includes(postmaster) && signal !== 'SIGKILL') send(postmaster, signal);
    else for (const pid of left) send(pid, signal === FAST ? IMMEDIATE : signal);
    const deadline = Date.now() + waitMsMax;
    while (Date.now() < deadline && serverProcesses(clusterDir, postmaster).length > 0) await sleep(POLL_MS);
  }
  const left = serverProcesses(clusterDir, postmaster);
  if (left.length === 0) return null;
  throw new EmbeddedPostgresError(
    `A PostgreSQL left behind on ${clusterDir} does not stop (pid ${left.join(', ')}). Stop it by hand, or set DATA_DIR to another folder.`,
  );
}

/** What PostgreSQL writes into `postmaster.pid`: its pid, and whether it takes connections. Null: nothing that makes sense. */
export function postmasterStatus(clusterDir: string): { pid: number; ready: boolean } | null {
  try {
    const lines = readFileSync(join(clusterDir, 'postmaster.pid'), 'utf8').split('\n');
    const pid = Number(lines[0]);
    return Number.isInteger(pid) && pid > 0 ? { pid, ready: lines[7]?.trim() === 'ready' } : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Every process of the server on `clusterDir`: PostgreSQL keeps its data folder as the working folder of them all. */
function serverProcesses(clusterDir: string, postmaster: number | null): number[] {
  if (process.platform !== 'linux') return postmaster !== null && isPostgresOn(clusterDir, postmaster) ? [postmaster] : [];
  const folder = realpathSync(clusterDir);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && readOrEmpty(() => readlinkSync(`/proc/${name}/cwd`)) === folder)
    .filter((name) => readOrEmpty(() => readFileSync(`/proc/${name}/comm`, 'utf8')).trim() === 'postgres')
    .map(Number);
}

function isPostgresOn(clusterDir: string, pid: number): boolean {
  return readOrEmpty(() => execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' })).includes(
    clusterDir,
  );
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A process may end, or belong to somebody else, between two looks. */
function readOrEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
