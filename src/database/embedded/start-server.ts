import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Binaries } from './binaries.js';
import { ownName } from './cluster.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { freePort } from './free-port.js';
import { postmasterStatus, stopLeftovers } from './server-processes.js';
import { serverSettings } from './server-settings.js';
import type { ServerUser } from './server-user.js';
import { type SupervisedServer, superviseServer } from './supervised-server.js';

export interface ServerPlace {
  readonly clusterDir: string;
  readonly logFile: string;
  readonly user: ServerUser;
  readonly binaries: Binaries;
  /** Instead of, and beyond, {@link serverSettings}. */
  readonly settings: Readonly<Record<string, string>>;
  readonly log: (message: string) => void;
}

export type WantedPort = { readonly fixed: number } | { readonly preferred: number | null };

/** Crash recovery of a large log is slow, but it ends; a server that ends instead is noticed at once. */
const START_MS_MAX = 300_000;
const START_POLL_MS = 5;
const START_ATTEMPTS_MAX = 10;
const RETRY_DELAY_MS = 300;
const FAST_STOP_MS_MAX = 60_000;
const IMMEDIATE_STOP_MS_MAX = 10_000;
const LOG_TAIL_BYTES_MAX = 16_384;

/**
 * Starts PostgreSQL on an existing cluster, when nothing else runs on it any more.
 *
 * @throws EmbeddedPostgresError with PostgreSQL's own words.
 */
export async function startServer(place: ServerPlace, wanted: WantedPort): Promise<{ server: SupervisedServer; port: number }> {
  const { clusterDir, logFile, user } = place;
  for (let attempt = 1; ; attempt++) {
    const staleLockPid = await stopLeftovers(clusterDir, place.log);
    const port = 'fixed' in wanted ? wanted.fixed : await freePort(attempt === 1 ? wanted.preferred : null);
    const logStart = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
    const command = [place.binaries.postgres, '-D', ownName(clusterDir), ...settingArguments(place, port)];
    const server = await superviseServer(command, { cwd: clusterDir, user, logFile, staleLockPid });
    if (await becomesReady(server, clusterDir)) return { server, port };

    const words = tail(logFile, logStart);
    const portTaken = words.includes('Address already in use');
    if (portTaken && 'fixed' in wanted) {
      throw new EmbeddedPostgresError(`Port ${port} for the embedded PostgreSQL is taken. Stop what uses it, or choose another port.`);
    }
    const mayPass = portTaken || /pre-existing shared memory block|lock file "postmaster.pid" already exists/.test(words);
    if (!mayPass || attempt >= START_ATTEMPTS_MAX) {
      const reason = words.split('\n').find((line) => /FATAL|PANIC|error|not found/.test(line)) ?? 'it gave no reason';
      throw new EmbeddedPostgresError(
        `The embedded PostgreSQL does not start: ${reason.trim()}. See ${logFile}, or set DATABASE_URL to a PostgreSQL of your own.`,
      );
    }
    await sleep(RETRY_DELAY_MS);
  }
}

function settingArguments(place: ServerPlace, port: number): string[] {
  const settings = {
    ...serverSettings(),
    ...place.settings,
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** PostgreSQL itself says so in `postmaster.pid`; the pid tells its words from those of an earlier run. */
async function becomesReady(server: SupervisedServer, clusterDir: string): Promise<boolean> {
  const deadline = Date.now() + START_MS_MAX;
  while (!server.hasExited() && Date.now() < deadline) {
    const status = postmasterStatus(clusterDir);
    if (status?.pid === server.pid && status.ready) return true;
    await sleep(START_POLL_MS);
  }
  if (!server.hasExited()) await stopServer(server, 'immediate');
  return false;
}

export async function stopServer(server: SupervisedServer, mode: 'fast' | 'immediate'): Promise<void> {
  const steps = [
    { signal: 'INT', waitMsMax: FAST_STOP_MS_MAX },
    { signal: 'QUIT', waitMsMax: IMMEDIATE_STOP_MS_MAX },
    { signal: 'KILL', waitMsMax: IMMEDIATE_STOP_MS_MAX },
  ] as const;
  for (const { signal, waitMsMax } of mode === 'fast' ? steps : steps.slice(1)) {
    if (server.hasExited()) return;
    server.signal(signal);
    const patience = new AbortController();
    await Promise.race([server.exited, sleep(waitMsMax, undefined, { signal: patience.signal }).catch(() => {})]);
    patience.abort();
  }
}

function tail(file: string, from: number): string {
  const size = statSync(file).size;
  const buffer = Buffer.alloc(Math.min(LOG_TAIL_BYTES_MAX, Math.max(0, size - (size >= from ? from : 0))));
  const handle = openSync(file, 'r');
  try {
    readSync(handle, buffer, 0, buffer.length, size - buffer.length);
  } finally {
    closeSync(handle);
  }
  return buffer.toString('utf8');
}
