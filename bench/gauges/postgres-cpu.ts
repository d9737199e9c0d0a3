import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ, which Linux fixes for everything that it tells to programs. */
const TICKS_PER_SECOND = 100;
const COMMAND_END = ') ';
/** Behind the command: the parent, own time in user and kernel mode, and that of ended children. */
const [PARENT, USER, SYSTEM, CHILDREN_USER, CHILDREN_SYSTEM] = [1, 11, 12, 13, 14] as const;

/** CPU time so far of a server and all its processes, ended ones too; null where there is no /proc. */
export function cpuMsOfServer(postmasterPid: number): number | null {
  const server = statOf(postmasterPid);
  if (server === null) return null;
  const children = readdirSync('/proc')
    .map((name) => (/^\d+$/.test(name) ? statOf(Number(name)) : null))
    .filter((stat) => stat?.[PARENT] === postmasterPid);
  const all = [server, ...children];
  const own = all.reduce((sum, stat) => sum + (stat?.[USER] ?? 0) + (stat?.[SYSTEM] ?? 0), 0);
  return ((own + (server[CHILDREN_USER] ?? 0) + (server[CHILDREN_SYSTEM] ?? 0)) * 1_000) / TICKS_PER_SECOND;
}

function statOf(pid: number): number[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command may hold blanks and brackets itself.
    return text
      .slice(text.lastIndexOf(COMMAND_END) + COMMAND_END.length)
      .split(' ')
      .map(Number);
  } catch {
    return null;
  }
}
