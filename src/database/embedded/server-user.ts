import { readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';

/** The user that PostgreSQL's processes run as. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
  /** False: that is who we are already. */
  readonly switched: boolean;
}

const ROOT = 0;
const READ = 4;
const EXECUTE = 1;
const SEARCH = EXECUTE;

/**
 * PostgreSQL refuses to run as root, so under root it runs as the owner of its folder, at first `nobody`.
 *
 * @param clusterOwner owner of the existing database folder, or null before the first start.
 */
export function serverUser(clusterDir: string, clusterOwner: Pick<Stats, 'uid' | 'gid'> | null): ServerUser {
  const self = { uid: process.getuid?.() ?? ROOT, gid: process.getgid?.() ?? ROOT, switched: false };
  if (self.uid !== ROOT) {
    if (clusterOwner === null || clusterOwner.uid === self.uid) return self;
    throw new EmbeddedPostgresError(
      `The database in ${clusterDir} belongs to user ${clusterOwner.uid}, not to user ${self.uid}. Start Ordersaga as the user that started it first, or set DATA_DIR to another folder.`,
    );
  }
  if (clusterOwner !== null && clusterOwner.uid !== ROOT) return { uid: clusterOwner.uid, gid: clusterOwner.gid, switched: true };
  return { ...nobody(), switched: true };
}

/** The options of `spawn` that start a process as `user`. Node changes into `cwd` first, while it still may. */
export const runAs = (user: ServerUser): { uid?: number; gid?: number } => (user.switched ? { uid: user.uid, gid: user.gid } : {});

/** May `user` enter `folder` and every folder above it? Under root a clone in `/root` (0700) is the common case where it may not. */
export function mayEnter(user: ServerUser, folder: string): boolean {
  for (let path = realpathSync(folder); ; path = dirname(path)) {
    if (!grants(statSync(path), user, SEARCH)) return false;
    if (path === dirname(path)) return true;
  }
}

export const mayExecute = (user: ServerUser, program: string): boolean =>
  mayEnter(user, dirname(program)) && grants(statSync(program), user, READ | EXECUTE);

function grants({ mode, uid, gid }: Stats, user: ServerUser, needed: number): boolean {
  const granted = uid === user.uid ? mode >> 6 : gid === user.gid ? mode >> 3 : mode;
  return (granted & needed) === needed;
}

function nobody(): { uid: number; gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8').match(/^nobody:[^:]*:(-?\d+):(-?\d+):/m);
  if (line) return { uid: Number(line[1]), gid: Number(line[2]) };
  throw new EmbeddedPostgresError(
    'PostgreSQL does not run as root, and this machine has no user "nobody". Start Ordersaga as another user, or set DATABASE_URL to a database of your own.',
  );
}
