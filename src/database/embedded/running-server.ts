import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, postmasterStatus } from './server-processes.js';

export const clusterFolder = (dataDir: string): string => join(dataDir, 'postgres');

/** Outlives the server, for {@link lastPort}. */
const announcement = (dataDir: string) => join(dataDir, 'postgres.json');

interface RunningServer {
  readonly url: string;
  readonly port: number;
  readonly postmasterPid: number;
}

/** Tells the command line tools where the server is. The address holds the password, so only the owner may read it. */
export function announceServer(dataDir: string, server: RunningServer): void {
  const draft = `${announcement(dataDir)}.new`;
  rmSync(draft, { force: true });
  writeFileSync(draft, `${JSON.stringify(server, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, announcement(dataDir));
}

/** The port of the last run, so that an address once noted down stays right while nobody else takes it. */
export const lastPort = (dataDir: string): number | null => readAnnouncement(dataDir)?.port ?? null;

/**
 * The address of the embedded server that runs on `dataDir`, or null when none does.
 *
 * @throws Error with code EACCES when it runs as another user.
 */
export async function findRunningEmbedded(dataDir: string): Promise<string | null> {
  const server = readAnnouncement(dataDir);
  const runs = server !== null && postmasterStatus(clusterFolder(dataDir))?.pid === server.postmasterPid && isAlive(server.postmasterPid);
  return runs ? server.url : null;
}

function readAnnouncement(dataDir: string): RunningServer | null {
  try {
    return JSON.parse(readFileSync(announcement(dataDir), 'utf8')) as RunningServer;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
