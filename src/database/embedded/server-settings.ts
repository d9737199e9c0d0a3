import { totalmem } from 'node:os';

const MB = 2 ** 20;
const BUFFERS_SHARE = 1 / 8;
const BUFFERS_MB_MIN = 128;
const BUFFERS_MB_MAX = 1_024;

/**
 * Settings of a server that has the machine together with the shop. `memoryBytes` is the machine's memory, or what the process may have of it.
 *
 * Pages of many customers are touched once in a while, and the first touch after a checkpoint writes the whole page into the log: so
 * pages stay in memory as far as it goes (it is taken only when it is needed), and checkpoints are rare. No replica ever reads this
 * server's log, so it can be the short one.
 */
export function serverSettings(memoryBytes = usableMemoryBytes()): Readonly<Record<string, string>> {
  const buffersMb = Math.floor((memoryBytes * BUFFERS_SHARE) / MB);
  return {
    shared_buffers: `${Math.min(BUFFERS_MB_MAX, Math.max(BUFFERS_MB_MIN, buffersMb))}MB`,
    max_wal_size: '4GB',
    wal_level: 'minimal',
    max_wal_senders: '0',
    log_checkpoints: 'off',
  };
}

/** A container's limit, if there is one. Without a limit Node says 0, or more than there is. */
function usableMemoryBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
