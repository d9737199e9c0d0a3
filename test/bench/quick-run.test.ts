import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import type { Report } from '../../bench/report/report.js';
import { SCENARIOS } from '../../bench/scenarios/all.js';

const RUN_MS_MAX = 120_000;
const GONE_MS_MAX = 30_000;
const folder = mkdtempSync(join(tmpdir(), 'ordersaga-test-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test(
  'npm run bench -- --quick plays every scenario, finds the books clean, and writes JSON and a page that needs nobody',
  { timeout: RUN_MS_MAX },
  async () => {
    const out = join(folder, 'results');
    const bench = start('quick', ['--quick', '--out', out]);
    const { code, output } = await ended(bench);
    expect(code, output).toBe(0);
    expect(output).toMatch(/Audit: 0 violations after 9 scenarios, [\d,]+ paid orders/);
    await expectNoFolders('quick');

    const files = readdirSync(out).toSorted();
    expect(files.map((file) => file.replace(/^.*\./, ''))).toEqual(['html', 'json']);
    const [html = '', json = ''] = files.map((file) => readFileSync(join(out, file), 'utf8'));
    const report = JSON.parse(json) as Report;
    expect(report.problems).toEqual([]);
    expect(new Set(report.rows.map(({ scenario }) => scenario))).toEqual(new Set(SCENARIOS.map(({ name }) => name)));
    expect(report.rows.filter(({ errors }) => errors > 0)).toEqual([]);
    expect(report.surroundings.postgres).toMatchObject({ fsync: 'on', synchronous_commit: 'on' });
    const compared = report.rows.filter(({ yardstick }) => yardstick !== null);
    expect(compared).toHaveLength(report.surroundings.pgbench === null ? 0 : 4);
    const counted = report.rows.flatMap(({ work }) => work ?? []);
    expect(counted).toHaveLength(5);
    expect(counted.every(({ statements, transactions, walBytes }) => statements > 0 && transactions > 0 && walBytes > 0)).toBe(true);

    expect(html).not.toMatch(/(?:src|href)=|@import|url\(|<script/);
    expect(html.match(/<svg /g)).toHaveLength(2 + SCENARIOS.length);
    for (const { title } of SCENARIOS) expect(html).toContain(title);
  },
);

test('Ctrl-C ends everything that it has started, and no folder stays', { timeout: RUN_MS_MAX }, async () => {
  const bench = start('interrupted', ['--quick', '--out', join(folder, 'none')]);
  const started = new Promise<void>((resolve) => {
    bench.stderr?.on('data', (text: Buffer) => void (text.includes('warming up') && resolve()));
  });
  const finished = ended(bench);
  await started;
  const [temporary = ''] = foldersOf('interrupted');
  const postmaster = Number(readFileSync(join(folder, 'interrupted', temporary, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
  expect(isAlive(postmaster)).toBe(true);
  bench.kill('SIGINT');
  expect((await finished).code).toBe(130);
  await expectNoFolders('interrupted');
  expect(isAlive(postmaster)).toBe(false);
});

/** Its temporary folders go into one of its own, where nobody else's can be mistaken for them. */
function start(name: string, args: readonly string[]): ChildProcess {
  const temporary = join(folder, name);
  mkdirSync(temporary, { mode: 0o755 });
  return spawn('npm', ['run', '--silent', 'bench', '--', ...args], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function ended(bench: ChildProcess): Promise<{ code: number | null; output: string }> {
  let output = '';
  for (const stream of [bench.stdout, bench.stderr]) stream?.on('data', (text: Buffer) => (output += text.toString()));
  const [code] = (await once(bench, 'close')) as [number | null];
  return { code, output };
}

/** A process of its own removes them, a moment after the end. */
async function expectNoFolders(name: string): Promise<void> {
  for (const giveUpAt = Date.now() + GONE_MS_MAX; Date.now() < giveUpAt && foldersOf(name).length > 0;) await sleep(50);
  expect(foldersOf(name)).toEqual([]);
}

/** Node and npm put something of theirs there, too. */
const foldersOf = (name: string): string[] => readdirSync(join(folder, name)).filter((entry) => entry.startsWith('ordersaga-'));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
