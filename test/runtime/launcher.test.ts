import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/embedded.js';

const launcher = fileURLToPath(new URL('../../bin/ordersaga', import.meta.url));

let folder: ReturnType<typeof temporaryFolder>;

/** A project of the same shape whose compiler and programs only say what they do. */
beforeEach(() => {
  folder = temporaryFolder();
  for (const part of ['bin', 'src/order', 'node_modules/typescript/bin', 'node_modules/node-test/bin']) {
    mkdirSync(at(part), { recursive: true });
  }
  copyFileSync(launcher, at('bin/ordersaga'));
  copyFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), at('package.json'));
  symlinkSync(process.execPath, at('node_modules/node-test/bin/node'));
  for (const file of ['tsconfig.json', 'tsconfig.build.json', 'src/main.ts']) writeFileSync(at(file), '');
  compilerThat(`
    console.error('compiled');
    fs.mkdirSync('${at('dist/cli')}', { recursive: true });
    const program = "console.log(JSON.stringify({ program: process.argv[1], args: process.argv.slice(2), cwd: process.cwd(), pid: process.pid }))";
    for (const name of ['main.js', 'cli/audit.js', 'cli/replay.js']) fs.writeFileSync('${at('dist')}/' + name, program);
    if (!fs.existsSync('${at('dist/.tsbuildinfo')}')) fs.writeFileSync('${at('dist/.tsbuildinfo')}', '');`);
});

afterEach(() => folder.remove());

const at = (path: string): string => join(folder.path, path);
const compilerThat = (script: string): void =>
  writeFileSync(at('node_modules/typescript/bin/tsc'), `const fs = require('node:fs');${script}`);

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly pid: number | undefined;
}

function run(args: string[], options: { cwd?: string; file?: string; path?: string } = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const env = { PATH: options.path ?? '/usr/bin:/bin' };
    const child = execFile(options.file ?? at('bin/ordersaga'), args, { cwd: options.cwd ?? folder.path, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr, pid: child.pid }),
    );
  });
}

function touch(file: string): void {
  const soon = new Date(Date.now() + 5_000);
  utimesSync(at(file), soon, soon);
}

describe('a program', () => {
  test.each([
    ['start', 'main.js', []],
    ['audit', 'cli/audit.js', ['--json']],
    ['replay', 'cli/replay.js', ['history with spaces.csv', '--rate', '10']],
  ])('%s runs dist/%s with its arguments, in the caller’s folder', async (command, program, args) => {
    const { code, stdout } = await run([command, ...args], { cwd: at('src') });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ program: at(`dist/${program}`), args, cwd: at('src') });
  });

  test('takes the launcher’s place, so that a signal reaches it', async () => {
    const { stdout, pid } = await run(['start']);
    expect((JSON.parse(stdout) as { pid: number }).pid).toBe(pid);
  });

  test('is found through symbolic links', async () => {
    mkdirSync(at('elsewhere'));
    symlinkSync('../bin/ordersaga', at('elsewhere/one'));
    symlinkSync(at('elsewhere/one'), at('elsewhere/two'));
    const { stdout } = await run(['start'], { file: at('elsewhere/two') });
    expect(JSON.parse(stdout)).toMatchObject({ program: at('dist/main.js') });
  });
});

describe('the build', () => {
  test('happens at the first start, and not again', async () => {
    expect((await run(['start'])).stderr).toContain('compiled');
    expect((await run(['start'])).stderr).toBe('');
  });

  test.each(['src/main.ts', 'src/order', 'tsconfig.json'])('happens again, once, when %s is newer', async (file) => {
    await run(['start']);
    const past = new Date(Date.now() - 60_000);
    utimesSync(at('dist/.tsbuildinfo'), past, past);
    for (const other of ['src', 'src/order', 'src/main.ts', 'tsconfig.json', 'tsconfig.build.json']) {
      utimesSync(at(other), new Date(0), new Date(0));
    }
    expect((await run(['start'])).stderr).toBe('');
    utimesSync(at(file), new Date(Date.now() - 1_000), new Date(Date.now() - 1_000));
    expect((await run(['start'])).stderr).toContain('compiled');
    expect((await run(['start'])).stderr).toBe('');
  });

  test('does not happen for a test', async () => {
    await run(['start']);
    writeFileSync(at('src/order/order.test.ts'), '');
    const past = new Date(0);
    utimesSync(at('src/order'), past, past);
    touch('src/order/order.test.ts');
    expect((await run(['start'])).stderr).toBe('');
  });

  test('that fails stops the start, and the next start too', async () => {
    compilerThat(`
      fs.mkdirSync('${at('dist')}', { recursive: true });
      for (const name of ['main.js', '.tsbuildinfo']) fs.writeFileSync('${at('dist')}/' + name, '');
      console.error('TS2322');
      process.exit(2);`);
    for (let start = 0; start < 2; start++) {
      const { code, stderr } = await run(['start']);
      expect(code).toBe(1);
      expect(stderr).toMatch(/TS2322\nordersaga: the build failed/);
    }
  });
});

describe('Node', () => {
  /** Says that it is of this major version; otherwise a Node like any other. */
  function nodeOf(major: number, path: string): void {
    mkdirSync(at(join(path, '..')), { recursive: true });
    rmSync(at(path), { force: true });
    writeFileSync(
      at(path),
      `#!/bin/sh\nif [ "$1" = -p ]; then echo ${major}; else echo "Node ${major}" >&2; exec ${process.execPath} "$@"; fi\n`,
    );
    chmodSync(at(path), 0o755);
  }
  const ownNode = 'node_modules/node-test/bin/node';
  const machine = () => ({ path: `${at('machine')}:/usr/bin:/bin` });

  test('of the project goes before the machine’s', async () => {
    nodeOf(25, ownNode);
    nodeOf(26, 'machine/node');
    expect((await run(['start'], machine())).stderr).toContain('Node 25');
  });

  test('of the machine will do when the project’s is not for this machine', async () => {
    rmSync(at(ownNode));
    nodeOf(24, 'machine/node');
    expect((await run(['start'], machine())).stderr).toContain('Node 24');
  });

  test('that is too old is refused in one line', async () => {
    rmSync(at(ownNode));
    nodeOf(22, 'machine/node');
    const { code, stderr } = await run(['start'], machine());
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ordersaga: needs Node 24 or newer\. .*\n$/);
  });
});

test('--help tells every command and setting', async () => {
  const { code, stdout } = await run(['--help']);
  expect(code).toBe(0);
  const words = ['start', 'audit', 'replay FILE', 'DATABASE_URL', 'DATA_DIR', 'JWT_SECRET', 'ADMIN_PASSWORD', 'CURRENCY', 'LOG_LEVEL'];
  expect(words.filter((word) => !stdout.includes(word))).toEqual([]);
});

test('--version tells that of package.json', async () => {
  const { version } = JSON.parse(readFileSync(at('package.json'), 'utf8')) as { version: string };
  expect((await run(['--version'])).stdout).toBe(`${version}\n`);
});

test('an unknown command is refused with the help', async () => {
  const { code, stderr } = await run(['dance']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/Usage: [\s\S]*ordersaga: unknown command: dance\n$/);
});
