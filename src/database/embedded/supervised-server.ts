import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { closeSync, openSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { cannotRun, SERVER_ENVIRONMENT } from './cluster.js';
import { runAs, type ServerUser } from './server-user.js';

const LOG_BYTES_MAX = 10_000_000;

/**
 * Stands between us and the postmaster, in a session of its own.
 *
 * S1: PostgreSQL ends with us, however we end: at the end of its standard input, a pipe that only we hold, the watcher sends
 *     SIGINT (fast shutdown). Kill -9 closes the pipe like anything else.
 * S2: it does not end before us: Ctrl-C and SIGHUP of our terminal do not reach it, so running payments can finish.
 * S3: a line on the pipe is a signal to pass on.
 * S4: it ends when PostgreSQL ends, so its exit tells us of that.
 * The watcher is a process of its own because a shell that waits for its child cannot read.
 */
const SUPERVISOR = `
trap "" HUP INT TERM
exec 3<&0 </dev/null
"$@" 3<&- >&2 &
server=$!
echo "$server"
exec >&-
(while read -r signal; do kill -s "$signal" "$server"; done; kill -s INT "$server") <&3 2>/dev/null &
watcher=$!
exec 3<&-
wait "$server"
status=$?
kill -s KILL "$watcher"
wait "$watcher"
exit "$status"
`;

export interface SupervisedServer {
  /** Of the postmaster. */
  readonly pid: number;
  readonly exited: Promise<void>;
  hasExited(): boolean;
  signal(name: 'INT' | 'QUIT' | 'KILL'): void;
}

/**
 * @param staleLockPid see `stopLeftovers`. PostgreSQL does not start while the pid in its lock file is alive, unless it is
 *   its own, its parent's or its grandparent's: passing it as the last leaves all of PostgreSQL's other checks in force.
 */
export async function superviseServer(
  command: readonly string[],
  options: { cwd: string; user: ServerUser; logFile: string; staleLockPid: number | null },
): Promise<SupervisedServer> {
  const log = openSync(options.logFile, logIsLong(options.logFile) ? 'w' : 'a', 0o600);
  const child = spawn('/bin/sh', ['-c', SUPERVISOR, 'ordersaga-postgres', ...command], {
    cwd: options.cwd,
    env: { ...SERVER_ENVIRONMENT, ...(options.staleLockPid === null ? {} : { PG_GRANDPARENT_PID: String(options.staleLockPid) }) },
    stdio: ['pipe', 'pipe', log],
    detached: true,
    ...runAs(options.user),
  }) as ChildProcessByStdio<Writable, Readable, null>;
  closeSync(log);
  let gone = false;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve())).then(() => void (gone = true));
  child.stdin.on('error', () => {});
  await once(child, 'spawn').catch((cause: unknown) => {
    throw cannotRun(options.user, cause);
  });
  const [pid] = (await Promise.race([once(createInterface(child.stdout), 'line'), exited.then(() => ['0'])])) as [string];
  return {
    pid: Number(pid),
    exited,
    hasExited: () => gone,
    signal: (name) => child.stdin.write(`${name}\n`),
  };
}

const logIsLong = (logFile: string): boolean => (statSync(logFile, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES_MAX;
