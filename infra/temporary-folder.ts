import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that goes when we end, kill -9 and Ctrl-C included: a process of its own session removes it at the end of its input. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ordersaga-test-'));
  const script = 'while read -r _; do :; done; tries=0; until rm -rf "$1" || [ "$tries" = 30 ]; do tries=$((tries + 1)); sleep 1; done';
  const janitor = spawn('/bin/sh', ['-c', script, 'ordersaga-test-janitor', folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  janitor.unref();
  (janitor.stdin as Socket).unref();
  return folder;
}
