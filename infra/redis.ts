import { execFile } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../src/database/embedded/free-port.js';
import { debianPackage } from './debian-package.js';
import { type SupervisedProcess, supervise } from './supervised.js';
import { temporaryFolder } from './temporary-folder.js';

const run = promisify(execFile);

const START_MS_MAX = 20_000;
const PING_MS_MAX = 250;
const LOOK_AGAIN_MS = 20;

/** There is no Redis here and none could be brought. The message says what to do. */
export class RedisMissing extends Error {
  override readonly name = 'RedisMissing';

  constructor(cause: unknown) {
    super('there is no Redis: install redis-server 7 or newer so that it is on PATH (Debian: apt install redis-server)', { cause });
  }
}

export interface RunningRedis {
  readonly url: string;
  /** Where it looks for `dump.rdb` at its start, and SAVE leaves it. */
  readonly folder: string;
  stop(): Promise<void>;
  /** Kill -9: what was not saved is lost. */
  kill(): Promise<void>;
  /** Starts the stopped or killed server again, at the same address, with what its folder has. */
  restart(): Promise<void>;
  /** It stays connected and answers nothing, until `resume`. */
  pause(): void;
  resume(): void;
}

interface RedisProgram {
  readonly path: string;
  /** Libraries that came with it. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * A Redis of our own on a free port of 127.0.0.1, empty, in memory only; it ends when we do.
 *
 * @throws RedisMissing when there is none on PATH and none can be brought.
 */
export async function startRedis(): Promise<RunningRedis> {
  const program = await findRedis();
  const folder = temporaryFolder();
  const port = await freePort(null);
  let server = await start(program, folder, port);
  const end = async (signal: 'TERM' | 'KILL'): Promise<void> => {
    server.signal(signal);
    await server.exited;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    folder,
    stop: async () => {
      await end('TERM');
      rmSync(folder, { recursive: true, force: true });
    },
    kill: () => end('KILL'),
    restart: async () => void (server = await start(program, folder, port)),
    pause: () => server.signal('STOP'),
    resume: () => server.signal('CONT'),
  };
}

async function findRedis(): Promise<RedisProgram> {
  const installed = await run('redis-server', ['--version']).catch(() => null);
  if (installed) return { path: 'redis-server', env: {} };
  try {
    const root = await debianPackage('redis-server');
    const libraries = readdirSync(join(root, 'usr', 'lib'))
      .filter((name) => name.endsWith('-linux-gnu'))
      .map((name) => join(root, 'usr', 'lib', name));
    return { path: join(root, 'usr', 'bin', 'redis-server'), env: { LD_LIBRARY_PATH: libraries.join(':') } };
  } catch (cause) {
    throw new RedisMissing(cause);
  }
}

async function start(program: RedisProgram, folder: string, port: number): Promise<SupervisedProcess> {
  const logFile = join(folder, 'redis.log');
  const options = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', '', '--appendonly', 'no'];
  const server = await supervise([program.path, ...options], { cwd: folder, env: program.env, logFile });
  let ended = false;
  void server.exited.then(() => (ended = true));
  for (const giveUpAt = Date.now() + START_MS_MAX; ; await sleep(LOOK_AGAIN_MS)) {
    if (await answersPing(port)) return server;
    if (ended || Date.now() > giveUpAt) {
      server.signal('KILL');
      throw new Error(`Redis did not start, see ${logFile}`);
    }
  }
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port, timeout: PING_MS_MAX });
    const answer = (up: boolean): void => {
      socket.destroy();
      resolve(up);
    };
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (data) => answer(data.toString().startsWith('+PONG')));
    socket.on('timeout', () => answer(false));
    socket.on('error', () => answer(false));
    socket.on('close', () => resolve(false));
  });
}
