import { createClient, ErrorReply } from '@redis/client';
import { Unavailable } from '../kernel/faults.js';
import type { LuaScript } from './lua-script.js';

const CONNECT_MS_MAX = 2_000;
const COMMAND_MS_MAX = 1_000;
const RECONNECT_DELAY_MS_MAX = 1_000;
/** After a command that was not answered nobody asks for so long: an outage costs one wait, not one per request. */
const REST_MS = 1_000;

type Client = ReturnType<typeof clientOf>;

export interface RedisOptions {
  readonly url: string;
  /** Before every key, so that several shops can share a Redis. */
  readonly keyPrefix?: string;
  readonly log?: RedisLog;
}

export interface RedisLog {
  log(message: string): void;
  warn(message: string): void;
}

/**
 * A Redis that may be away at any time: nothing that it keeps is the truth.
 *
 * Z1: every command is answered or fails with {@link Unavailable} within `COMMAND_MS_MAX`; while Redis is known to be away,
 *     at once. The client's own timeout ends with the sending of a command, so the clock here is ours.
 * Z2: a command that failed may have been done, or be done later. Whatever is sent must be harmless then.
 * Z3: `run` names the life of the server that this connection leads to. What was written in another one (before a restart, a
 *     restored copy, a failover) can be told by it.
 */
export class Redis {
  private client: Client;
  private serverRun: string | null = null;
  private restUntilMs = 0;
  private lastProblem: string | null = 'not connected yet';
  private closed = false;
  /** How often somebody had to do without, since the start. */
  private missed = 0;

  constructor(private readonly options: RedisOptions) {
    this.client = this.connect();
  }

  /** Null when all is well. */
  get problem(): string | null {
    return this.isUp ? null : (this.lastProblem ?? 'not connected');
  }

  get commandsMissed(): number {
    return this.missed;
  }

  /** @throws Unavailable */
  get run(): string {
    if (!this.isUp || this.serverRun === null) throw this.unavailable(this.lastProblem);
    return this.serverRun;
  }

  /** @throws Unavailable */
  async command<T>(send: (client: Client) => Promise<T>): Promise<T> {
    if (!this.isUp) throw this.unavailable(this.lastProblem);
    const { client } = this;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new NoAnswer(`no answer in ${COMMAND_MS_MAX} ms`)), COMMAND_MS_MAX);
    try {
      return await Promise.race([send(client), late.promise]);
    } catch (error) {
      if (isMistake(error)) throw error;
      if (error instanceof NoAnswer && client === this.client) this.startOver(error.message);
      throw this.unavailable(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Runs a script as one step that nothing comes between. @throws Unavailable */
  async script({ sha1, text }: LuaScript, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
    const options = { keys: [...keys], arguments: values.map(String) };
    return this.command(async (client) => {
      try {
        return await client.evalSha(sha1, options);
      } catch (error) {
        if (!(error instanceof ErrorReply) || !error.message.startsWith('NOSCRIPT')) throw error;
        return client.eval(text, options);
      }
    });
  }

  close(): void {
    this.closed = true;
    this.client.destroy();
  }

  private get isUp(): boolean {
    return this.client.isReady && this.serverRun !== null && performance.now() >= this.restUntilMs;
  }

  private unavailable(cause: unknown): Unavailable {
    this.missed++;
    return new Unavailable('Redis is not available', { cause });
  }

  /** A connection that owes an answer is given up: the late answer would only hold up what comes after it. */
  private startOver(problem: string): void {
    this.away(problem);
    this.restUntilMs = performance.now() + REST_MS;
    this.client.destroy();
    this.client = this.connect();
  }

  private connect(): Client {
    const client = clientOf(this.options);
    const mine = (): boolean => client === this.client && !this.closed;
    client.on('error', (error: NodeJS.ErrnoException) => {
      // A connection refused on every address has a code and no message.
      if (mine()) this.away(error.message || String(error.code));
    });
    client.on('ready', () => {
      this.serverRun = null;
      client.info('server').then(
        (info) => {
          if (mine()) this.back(/^run_id:(\w+)/m.exec(info)?.[1] ?? '');
        },
        (error: Error) => {
          if (mine()) this.away(error.message);
        },
      );
    });
    // What fails here has been told to the listener of errors.
    client.connect().catch(() => {});
    return client;
  }

  private away(problem: string): void {
    this.serverRun = null;
    if (this.lastProblem !== problem) this.options.log?.warn(`Redis is away, the database does its work: ${problem}`);
    this.lastProblem = problem;
  }

  private back(run: string): void {
    this.serverRun = run;
    this.lastProblem = null;
    this.options.log?.log('Redis is there');
  }
}

class NoAnswer extends Error {}

function clientOf({ url, keyPrefix = '' }: RedisOptions) {
  return createClient({
    url,
    ...(keyPrefix && { keyPrefix }),
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    socket: {
      connectTimeout: CONNECT_MS_MAX,
      reconnectStrategy: (attempts: number) => Math.min(RECONNECT_DELAY_MS_MAX, 50 * 2 ** attempts),
    },
  });
}

/** Whether the command is wrong. A "not now" of a server that starts, is busy or full is an outage like any other. */
function isMistake(error: unknown): boolean {
  if (error instanceof TypeError) return true;
  return error instanceof ErrorReply && !/^(?:LOADING|BUSY|MASTERDOWN|READONLY|OOM|MISCONF|NOAUTH) /.test(error.message);
}
