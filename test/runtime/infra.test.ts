import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { expectEventually, temporaryFolder } from '../support/embedded.js';
import { describeWithRedis } from '../support/redis.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const COMMAND = ['--import', here('../support/typescript-imports.mjs'), here('../../infra/infra.ts')];

const infra = (args: readonly string[], env: NodeJS.ProcessEnv = process.env) =>
  spawn(process.execPath, [...COMMAND, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });

async function outcome(child: ReturnType<typeof infra>): Promise<{ code: number; stdout: string; stderr: string }> {
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit') as Promise<[number]>]);
  return { code, stdout, stderr };
}

describeWithRedis('npm run infra', () => {
  const answers = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });

  async function portOf(child: ReturnType<typeof infra>): Promise<number> {
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    return Number(/^REDIS_URL=redis:\/\/127\.0\.0\.1:(\d+)$/.exec(line)?.[1]);
  }

  const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    const [code] = (await once(child, 'exit')) as [number | null];
    return code;
  };

  test.each<[NodeJS.Signals, number | null]>([
    ['SIGINT', 0],
    ['SIGTERM', 0],
    ['SIGKILL', null],
  ])('prints the setting, and leaves no server behind after %s', async (signal, code) => {
    const child = infra(['redis']);
    const port = await portOf(child);
    expect(await answers(port)).toBe(true);
    expect(await end(child, signal)).toBe(code);
    await expectEventually('Redis is gone', async () => !(await answers(port)));
  });
});

test('npm run infra says what to install where nothing can be brought', async () => {
  const cache = temporaryFolder();
  const { code, stdout, stderr } = await outcome(infra(['redis'], { PATH: '', XDG_CACHE_HOME: cache.path }));
  cache.remove();
  expect(stdout).toBe('');
  expect(stderr).toContain('infra: there is no Redis: install redis-server');
  expect(code).toBe(1);
});

test('npm run infra has a help, and refuses names that it does not know', async () => {
  expect(await outcome(infra(['--help']))).toMatchObject({ code: 0, stdout: expect.stringContaining('Usage: npm run infra') as string });
  expect(await outcome(infra(['rediss']))).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('no server is called rediss') as string,
  });
});
