import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/**
 * Stands between us and a server, in a session of its own.
 *
 * V1: the server ends with us, however we end: at the end of its standard input, a pipe that only we hold, the watcher kills it.
 *     Kill -9 closes the pipe like anything else.
 * V2: a line on the pipe is a signal to pass on.
 * V3: it ends when the server ends, so its exit tells us of that.
 */
const SUPERVISOR = `
trap "" HUP INT TERM
exec 3<&0 </dev/null
"$@" 3<&- >&2 &
server=$!
echo "$server"
exec >&-
(while read -r signal; do kill -s "$signal" "$server"; done; kill -s KILL "$server") <&3 2>/dev/null &
watcher=$!
exec 3<&-
wait "$server"
kill -s KILL "$watcher"
`;

export interface SupervisedProcess {
  readonly pid: number;
  readonly exited: Promise<void>;
  signal(name: 'TERM' | 'KILL' | 'STOP' | 'CONT'): void;
}

/** Runs a server that cannot outlive us. What it prints goes to `logFile`. */
export async function supervise(
  command: readonly string[],
  { cwd, env = {}, logFile }: { cwd: string; env?: Readonly<Record<string, string>>; logFile: string },
): Promise<SupervisedProcess> {
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn('/bin/sh', ['-c', SUPERVISOR, 'ordersaga-infra', ...command], {
    cwd,
    env: { PATH: process.env.PATH, LC_ALL: 'C', ...env },
    stdio: ['pipe', 'pipe', log],
    detached: true,
  }) as ChildProcessByStdio<Writable, Readable, null>;
  closeSync(log);
  child.stdin.on('error', () => {});
  const exited = once(child, 'exit').then(() => undefined);
  const [pid] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { pid: Number(pid), exited, signal: (name) => void child.stdin.write(`${name}\n`) };
}
