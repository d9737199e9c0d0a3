import { join } from 'node:path';
import pg from 'pg';
import { generatedSecret } from '../../config/secrets.js';
import { withDatabase } from '../database-url.js';
import { usableBinaries } from './binaries.js';
import { ensureCluster, ownerOf, SUPERUSER } from './cluster.js';
import { type DataFolderLock, lockDataFolder } from './data-folder-lock.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { announceServer, clusterFolder, lastPort } from './running-server.js';
import { serverUser } from './server-user.js';
import { type ServerPlace, startServer, stopServer } from './start-server.js';
import type { SupervisedServer } from './supervised-server.js';

export interface EmbeddedPostgresOptions {
  /** The database goes into `dataDir/postgres`, its password into `dataDir/secrets`, its messages into `dataDir/postgres.log`. */
  readonly dataDir: string;
  readonly log?: (message: string) => void;
  /** Of 127.0.0.1; by default that of the last run, or any free one. */
  readonly port?: number;
  /** PostgreSQL settings, such as `{ shared_buffers: '256MB' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** For tests only: make the database without fsync. */
  readonly withoutSync?: boolean;
  /** For tests only: the npm package with the binaries, elsewhere. */
  readonly packageFolder?: string;
}

export interface EmbeddedPostgres {
  /** Of the database `ordersaga`, with the superuser's password. */
  readonly url: string;
  /** Settles when PostgreSQL is gone and could not be started again. Never after `stop`. */
  readonly lost: Promise<Error>;
  /** `fast` ends sessions and writes everything out; `immediate` leaves that to the next start's recovery. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
}

const RESTARTS_MAX = 5;
const RESTART_WINDOW_MS = 60_000;

/**
 * Starts a real PostgreSQL of our own on `dataDir`, making its database at the first start.
 *
 * E1: one process at a time owns the data folder: the holder of its lock, which the kernel drops when the process dies.
 * E2: only the owner starts or stops the server. A server that runs without an owner is a leftover and is ended first.
 * E3: the server ends with its owner (S1), and not before it (S2). If it ends by itself, it is started again.
 *
 * @throws EmbeddedPostgresError in one line with its remedy.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, log = () => {} } = options;
  const clusterDir = clusterFolder(dataDir);
  const lock = lockDataFolder(dataDir);
  let server: SupervisedServer | undefined;
  try {
    const user = serverUser(clusterDir, ownerOf(clusterDir));
    const binaries = usableBinaries(user, dataDir, options.packageFolder);
    const password = generatedSecret(dataDir, 'postgres-password');
    await ensureCluster({ clusterDir, binaries, user, password, withoutSync: options.withoutSync ?? false });
    const place: ServerPlace = {
      clusterDir,
      logFile: join(dataDir, 'postgres.log'),
      user,
      binaries,
      settings: options.settings ?? {},
      log,
    };
    const started = await startServer(place, options.port === undefined ? { preferred: lastPort(dataDir) } : { fixed: options.port });
    server = started.server;
    const url = `postgres://${SUPERUSER}:${password}@127.0.0.1:${started.port}/${SUPERUSER}`;
    await nameDatabase(url, dataDir);
    announceServer(dataDir, { url, port: started.port, postmasterPid: server.pid });
    return keepRunning(place, { ...started, url, dataDir, lock });
  } catch (error) {
    if (server !== undefined) await stopServer(server, 'fast');
    lock.release();
    throw error;
  }
}

interface Running {
  server: SupervisedServer;
  readonly port: number;
  readonly url: string;
  readonly dataDir: string;
  readonly lock: DataFolderLock;
}

function keepRunning(place: ServerPlace, running: Running): EmbeddedPostgres {
  const { port, url, dataDir, lock } = running;
  let restarts: number[] = [];
  let restarting: Promise<void> = Promise.resolve();
  let stopped: Promise<void> | undefined;

  async function restart(): Promise<void> {
    running.server = (await startServer(place, { fixed: port })).server;
    announceServer(dataDir, { url, port, postmasterPid: running.server.pid });
  }

  async function untilLost(): Promise<Error> {
    for (;;) {
      await running.server.exited;
      if (stopped) return await new Promise<never>(() => {});
      restarts = [...restarts.filter((at) => at > Date.now() - RESTART_WINDOW_MS), Date.now()];
      if (restarts.length > RESTARTS_MAX) {
        return new EmbeddedPostgresError(`The embedded PostgreSQL ended ${restarts.length} times in a minute. See ${place.logFile}.`);
      }
      place.log('PostgreSQL has ended; starting it again');
      try {
        await (restarting = restart());
      } catch (error) {
        return error as Error;
      }
    }
  }

  async function stopAndRelease(mode: 'fast' | 'immediate'): Promise<void> {
    await restarting.catch(() => {});
    await stopServer(running.server, mode);
    lock.release();
  }

  return { url, lost: untilLost(), stop: (mode = 'fast') => (stopped ??= stopAndRelease(mode)) };
}

/** initdb calls its database `postgres`. Renaming it costs 3 ms, creating another 50. */
async function nameDatabase(url: string, dataDir: string): Promise<void> {
  const admin = new pg.Client({ connectionString: withDatabase(url, 'template1') });
  admin.on('error', () => {});
  try {
    await admin.connect();
    const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [SUPERUSER]);
    if (rowCount === 0) await admin.query(`ALTER DATABASE postgres RENAME TO ${SUPERUSER}`);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== '28P01') throw error;
    throw new EmbeddedPostgresError(
      `The password in ${join(dataDir, 'secrets', 'postgres-password')} is not that of the database beside it. Restore the file, or set DATA_DIR to another folder.`,
    );
  } finally {
    await admin.end().catch(() => {});
  }
}
