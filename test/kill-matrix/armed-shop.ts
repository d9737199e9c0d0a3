import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { findRunningEmbedded } from '../../src/database/embedded/running-server.js';

const START_MS_MAX = 60_000;
const ANSWER_MS_MAX = 20_000;
const OPERATOR = { email: 'operator@example.com', password: 'operator-password' };

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What a shop does when it comes by a failpoint. */
export interface Orders {
  readonly killAt?: string;
  /** The database ends `immediate`; the shop lives on. */
  readonly quitPostgresAt?: string;
  readonly postmasterPid?: number;
  /** How many times work fails there. */
  readonly faults?: Readonly<Record<string, number>>;
}

/** A real shop in a process of its own, which kills itself where it is told to. */
export interface ArmedShop {
  readonly address: string;
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly operator: typeof OPERATOR;
  readonly pid: number;
  /** By the clock of the machine, which is the database's too. */
  readonly startedAt: Date;
  readonly readyAt: Date;
  readonly ended: Promise<void>;
  /** Replaces what it has been told before. */
  order(orders: Orders): Promise<void>;
  /** The failpoints that it has passed. */
  reached(): Promise<readonly string[]>;
  kill(): Promise<void>;
}

/** Of the shop, such as `{ DATA_DIR: … }`. */
export type Environment = Readonly<Record<string, string>> & { readonly DATA_DIR: string };

export async function startArmedShop(environment: Environment): Promise<ArmedShop> {
  const startedAt = new Date();
  const child = launch(environment);
  const ended = once(child, 'exit').then(() => {});
  const address = await opened(child);
  const readyAt = new Date();
  const databaseUrl = environment.DATABASE_URL ?? (await findRunningEmbedded(environment.DATA_DIR));
  if (databaseUrl === null) throw new Error('the embedded database does not run');
  return {
    address,
    databaseUrl,
    dataDir: environment.DATA_DIR,
    operator: OPERATOR,
    pid: child.pid as number,
    startedAt,
    readyAt,
    ended,
    order: async (orders) => void (await tell(child, { orders })),
    reached: async () => (await tell(child, {})).reached,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Starts a shop that dies before it is open. @returns when it is dead. */
export async function startAndDie(environment: Environment, orders: Orders): Promise<void> {
  const child = launch(environment);
  const ended = once(child, 'exit', { signal: AbortSignal.timeout(START_MS_MAX) });
  child.send({ orders });
  await ended;
}

let isBuilt = false;

/** By the launcher, which compiles what is newer than `dist/`: yesterday's program would prove nothing. */
function build(): void {
  if (!isBuilt) execFileSync(file('../../bin/ordersaga'), ['audit', '--help'], { stdio: 'pipe' });
  isBuilt = true;
}

function launch(environment: Environment): ChildProcess {
  build();
  const env = {
    PATH: process.env.PATH,
    PORT: '0',
    LOG_LEVEL: 'fatal',
    RATE_LIMIT_PER_MINUTE: '0',
    // However slow the machine is, no order runs out that is not told to.
    HOLD_MINUTES: '1440',
    ADMIN_EMAIL: OPERATOR.email,
    ADMIN_PASSWORD: OPERATOR.password,
    // Most of a start is compiling the program.
    NODE_COMPILE_CACHE: file('../../node_modules/.cache/kill-matrix'),
    ...environment,
  };
  return spawn(process.execPath, ['--import', file('arm-failpoints.mjs'), '--enable-source-maps', file('../../dist/main.js')], {
    env,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}

async function opened(child: ChildProcess): Promise<string> {
  let said = '';
  const speaking = new Promise<string>((resolve) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const address = /API +(http:\S+)\/api\n[^]*Ctrl-C/.exec(said)?.[1];
      if (address !== undefined) resolve(address);
    });
  });
  const patience = setTimeout(() => child.kill('SIGKILL'), START_MS_MAX);
  const address = await Promise.race([speaking, once(child, 'close').then(() => null)]);
  clearTimeout(patience);
  if (address === null) throw new Error(`the shop did not open: ${said}`);
  return address;
}

async function tell(child: ChildProcess, message: { orders?: Orders }): Promise<{ reached: readonly string[] }> {
  const answered = once(child, 'message', { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
  child.send(message);
  const [answer] = (await answered) as [{ reached: readonly string[] }];
  return answer;
}
