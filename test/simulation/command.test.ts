import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const RUN_MS_MAX = 300_000;

function simulateCommand(...args: readonly string[]): { readonly code: number | null; readonly out: string; readonly err: string } {
  const command = ['--import', './test/support/typescript-decorators.mjs', 'test/simulation/command/main.ts', ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', timeout: RUN_MS_MAX });
  return { code: status, out: stdout, err: stderr };
}

test('it runs histories in worker processes and counts the faults of each kind', { timeout: RUN_MS_MAX }, () => {
  const { code, out } = simulateCommand('--histories', '40', '--workers', '2');
  expect(out).toMatch(/\d+ {2}commit unknown\n/);
  expect(out).toMatch(/^40 histories, .* awaits, .* faults in .* s$/m);
  expect(out).toContain('all promises held');
  expect(code).toBe(0);
});

test('it stops at a broken promise, makes the history small, and says how to see it again', { timeout: RUN_MS_MAX }, () => {
  const bug = 'a compensation reports done and does nothing';
  const { code, out } = simulateCommand('--histories', '2000', '--workers', '1', '--bug', bug);
  expect(code).toBe(1);
  const seen = /its trace: {2}npm run simulate -- --seed (\d+) --bug ".*" --plan (\S+)/.exec(out);
  expect(seen).not.toBeNull();
  const [, seed = '', plan = ''] = seen ?? [];
  const again = simulateCommand('--seed', seed, '--plan', plan, '--bug', bug);
  expect(again.code).toBe(1);
  expect(again.out).toMatch(/process 1 product: COMMIT/);
  const broken = (text: string): string | undefined => /^BROKEN.*$/m.exec(text)?.[0];
  expect(broken(again.out)).toBe(broken(out));
});

test('a wrong option is answered with the usage', { timeout: RUN_MS_MAX }, () => {
  const { code, err } = simulateCommand('--seed', 'x');
  expect(err).toContain('--seed: a whole number');
  expect(err).toContain('Usage: npm run simulate');
  expect(code).toBe(2);
});
