import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { ConfigError } from '../config/config.js';
import { sql } from '../database/database.js';
import { Databases } from '../database/databases.js';
import { Unavailable } from '../kernel/faults.js';
import type { Result } from '../kernel/result.js';
import type { DeadLetterAction, DeadLetters } from '../messaging/dead-letters.js';
import { PgDeadLetters } from '../messaging/postgres/pg-dead-letters.js';
import { actionLines, detailLines, letterLines } from './dead-letters-text.js';
import { findShopDatabase } from './shop-database.js';

export const EXIT = { done: 0, refused: 1, failed: 2 } as const;

const ROWS_DEFAULT = 50;
const ROWS_MAX = 10_000;
const STATES = ['WAITING', 'DEAD'] as const;

const USAGE = `Events that a listener could not handle: those that it gave up on (DEAD), and those that are tried again (WAITING).

Usage: ordersaga dead-letters list [--state DEAD|WAITING] [--subscriber NAME] [--topic NAME] [--limit ${ROWS_DEFAULT}]
       ordersaga dead-letters show ID
       ordersaga dead-letters retry ID...
       ordersaga dead-letters retry --all [--subscriber NAME] [--topic NAME]
       ordersaga dead-letters discard ID... --reason TEXT
       ordersaga dead-letters resolve ID... --reason TEXT
       ordersaga dead-letters actions [--limit ${ROWS_DEFAULT}]

  retry      try it again now, under the same event id: retried twice it has one effect. The running shop does it
  discard    drop a dead letter; the later events of its subject go on
  resolve    drop a compensation that fails, because you have done by hand what it should do
  actions    what operators did; nobody can change this record

  --json     the answer as JSON
  --by NAME  who does it, for the record; the user of this computer unless told
  --help     this text

The database is that of DATABASE_URL, or else the embedded one of the shop that runs on DATA_DIR (./data).
Exit code: 0 done, 1 refused for at least one ID, 2 wrong use, or the database cannot be reached.
`;

interface Output {
  write(text: string): unknown;
}

/** The message is one line, and tells the remedy. */
class WrongUse extends Error {
  override readonly name = 'WrongUse';
}

const OPTIONS = {
  state: { type: 'string' },
  subscriber: { type: 'string' },
  topic: { type: 'string' },
  limit: { type: 'string' },
  reason: { type: 'string' },
  by: { type: 'string' },
  all: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

interface Options {
  readonly command: string;
  readonly ids: readonly string[];
  readonly state: (typeof STATES)[number] | undefined;
  readonly subscriber: string | undefined;
  readonly topic: string | undefined;
  readonly limit: number;
  readonly reason: string | undefined;
  readonly actor: string;
  readonly all: boolean;
  readonly json: boolean;
}

interface Answer {
  readonly code: number;
  readonly json: unknown;
  readonly lines: readonly string[];
}

/** @returns the exit code. */
export async function deadLettersCommand(args: readonly string[], env: NodeJS.ProcessEnv, out: Output, err: Output): Promise<number> {
  try {
    const options = parse(args);
    if (options === 'help') {
      out.write(USAGE);
      return EXIT.done;
    }
    const run = COMMANDS[options.command];
    if (!run) throw new WrongUse(`unknown command: ${options.command}`);
    const { code, json, lines } = await withDeadLetters(env, (letters) => run(letters, options));
    out.write(options.json ? `${JSON.stringify(json, null, 2)}\n` : `${lines.join('\n')}\n`);
    return code;
  } catch (error) {
    err.write(`ordersaga: ${explain(error)}\n`);
    return EXIT.failed;
  }
}

const COMMANDS: Readonly<Record<string, (letters: DeadLetters, options: Options) => Promise<Answer>>> = {
  async list(letters, { state, subscriber, topic, limit }) {
    const found = await letters.list({ state, subscriber, topic, limit: limit + 1 });
    const items = found.slice(0, limit);
    return { code: EXIT.done, json: { items, more: found.length > limit }, lines: letterLines(items, found.length > limit) };
  },

  async show(letters, { ids }) {
    const [id, ...others] = ids;
    if (id === undefined || others.length > 0) throw new WrongUse('show needs one ID; "list" tells them');
    const letter = await letters.find(id);
    if (letter) return { code: EXIT.done, json: letter, lines: detailLines(letter) };
    return {
      code: EXIT.refused,
      json: null,
      lines: [`${id}: there is no such parked event: it never was, has been handled, or was discarded`],
    };
  },

  async retry(letters, { ids, all, subscriber, topic, actor }) {
    if (all === ids.length > 0) throw new WrongUse('retry needs either IDs or --all');
    if (!all && (subscriber ?? topic) !== undefined) throw new WrongUse('--subscriber and --topic go with --all');
    if (!all) return each(ids, (id) => letters.retry(id, { actor }));
    const retried = await letters.retryAll({ subscriber, topic }, { actor });
    return { code: EXIT.done, json: { retried }, lines: [`${retried} dead letter(s) will be tried again`] };
  },

  discard: (letters, { ids, reason, actor }) => {
    const because = reasonOf('discard', ids, reason);
    return each(ids, (id) => letters.discard(id, { actor, reason: because }));
  },

  resolve: (letters, { ids, reason, actor }) => {
    const because = reasonOf('resolve', ids, reason);
    return each(ids, (id) => letters.resolve(id, { actor, reason: because }));
  },

  async actions(letters, { limit }) {
    const items = await letters.actions({ limit });
    return { code: EXIT.done, json: { items }, lines: actionLines(items) };
  },
};

function reasonOf(command: string, ids: readonly string[], reason = ''): string {
  if (ids.length === 0) throw new WrongUse(`${command} needs an ID; "list" tells them`);
  if (reason.trim() === '') throw new WrongUse(`${command} needs --reason TEXT, for the record`);
  return reason.trim();
}

/** In the order in which they were named: the next of a key is due only when the one before it is gone. */
async function each(ids: readonly string[], act: (id: string) => Promise<Result<DeadLetterAction>>): Promise<Answer> {
  const results: { id: string; result: Result<DeadLetterAction> }[] = [];
  for (const id of ids) results.push({ id, result: await act(id) });
  return {
    code: results.every(({ result }) => result.ok) ? EXIT.done : EXIT.refused,
    json: results.map(({ id, result }) => ({ id, ...(result.ok ? { action: result.value } : { refusal: result.refusal }) })),
    lines: results.map(({ id, result }) => (result.ok ? `${id}: ${DONE[result.value.action]}` : `${id}: ${result.refusal.message}`)),
  };
}

const DONE = { RETRY: 'will be tried again', DISCARD: 'discarded', RESOLVE: 'resolved' } as const;

function parse(args: readonly string[]): Options | 'help' {
  const { values, positionals } = parsed(args);
  const [command, ...ids] = positionals;
  if (values.help) return 'help';
  if (command === undefined) throw new WrongUse('say what to do: list, show, retry, discard, resolve or actions');
  const state = STATES.find((name) => name === values.state?.toUpperCase());
  if (values.state !== undefined && state === undefined) throw new WrongUse(`--state must be one of ${STATES.join(', ')}`);
  const limit = Number(values.limit ?? ROWS_DEFAULT);
  if (!Number.isInteger(limit) || limit < 1 || limit > ROWS_MAX) throw new WrongUse(`--limit must be a whole number from 1 to ${ROWS_MAX}`);
  const { subscriber, topic, reason, by = userInfo().username, all = false, json = false } = values;
  return { command, ids, state, subscriber, topic, limit, reason, actor: `cli:${by}`, all, json };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new WrongUse((error as Error).message.split('. ')[0], { cause: error });
  }
}

const DOMAINS = sql(
  'cli.domains-with-parked-events',
  `SELECT replace(schemaname, 'shop_', '') AS domain FROM pg_tables
   WHERE schemaname LIKE 'shop\\_%' AND tablename = 'event_parked' ORDER BY schemaname`,
);

async function withDeadLetters<T>(env: NodeJS.ProcessEnv, work: (letters: DeadLetters) => Promise<T>): Promise<T> {
  const found = await findShopDatabase(env);
  if (!found) throw new WrongUse('no shop runs on this data folder (DATA_DIR). Start it with npm start, or set DATABASE_URL');
  const databases = new Databases({ url: found.url, domainUrls: found.domainUrls, poolConnectionsMax: 1 });
  try {
    const here = await databases.of('cli').query<{ domain: string }>(DOMAINS);
    const domains = new Set([...here.map(({ domain }) => domain), ...Object.keys(found.domainUrls)]);
    if (domains.size === 0) throw new WrongUse('no shop of this version has been opened on this database. Run: npm start');
    return await work(new PgDeadLetters(databases, [...domains]));
  } finally {
    await databases.close();
  }
}

function explain(error: unknown): string {
  if (error instanceof WrongUse) return `${error.message}. See: ordersaga dead-letters --help`;
  if (error instanceof ConfigError) return error.message;
  if (error instanceof Unavailable) return `the database does not answer (${String(error.cause)}). Start it, or correct DATABASE_URL`;
  return error instanceof Error ? error.message : String(error);
}
