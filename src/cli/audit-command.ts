import { parseArgs } from 'node:util';
import { audit } from '../audit/audit.js';
import { CannotAudit } from '../audit/books.js';
import type { AuditReport } from '../audit/report.js';
import { ConfigError } from '../config/config.js';
import { Unavailable } from '../kernel/faults.js';
import { auditTable } from './audit-table.js';
import { findShopDatabase } from './shop-database.js';

export const EXIT = { clean: 0, violations: 1, notAudited: 2 } as const;

const USAGE = `Checks the shop's books against its invariants while it runs. Nobody waits for it.

Usage: npm run audit -- [--json] [--settled] [--time-limit <seconds>]
       bin/ordersaga audit [--json] [--settled] [--time-limit <seconds>]

  --json        the report as JSON
  --settled     refuse what is pending, too: payments, releases and deliveries under way. For a shop at rest
  --time-limit  end without a result after so many seconds (600)
  --help        this text

The database is that of DATABASE_URL, or else the embedded one of the shop that runs on DATA_DIR (./data). Domains
with a database of their own (DATABASE_URL_<DOMAIN>) are read there; set the same variables as for the shop. The files
of the data platform are looked for in DATA_DIR; with DATABASE_URL only where DATA_DIR is set.
Exit code: 0 the books are clean, 1 they are not, 2 they could not be audited.
`;

const PROGRESS_EVERY_MS = 5_000;

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

interface Options {
  readonly json: boolean;
  readonly settled: boolean;
  readonly timeLimitMs: number;
  readonly help: boolean;
}

/** @returns the exit code. */
export async function auditCommand(args: readonly string[], env: NodeJS.ProcessEnv, out: Output, err: Output): Promise<number> {
  try {
    const options = parse(args);
    if (options.help) {
      out.write(USAGE);
      return EXIT.clean;
    }
    const { report, name } = await auditShop(env, options, progressTo(err));
    const inColour = out.isTTY === true && env.NO_COLOR === undefined;
    out.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : auditTable(report, { name, inColour, settled: options.settled }));
    return report.clean ? EXIT.clean : EXIT.violations;
  } catch (error) {
    err.write(`ordersaga: ${explain(error)}\n`);
    return EXIT.notAudited;
  }
}

function parse(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean', default: false },
        settled: { type: 'boolean', default: false },
        'time-limit': { type: 'string', default: '600' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const { 'time-limit': seconds, ...flags } = values;
    if (!/^[1-9]\d{0,5}$/.test(seconds)) throw new Error('--time-limit must be a whole number of seconds');
    return { ...flags, timeLimitMs: Number(seconds) * 1_000 };
  } catch (error) {
    throw new CannotAudit(`${(error as Error).message.split('. ')[0]}. See: npm run audit -- --help`, { cause: error });
  }
}

/** A line now and then while a long audit runs; none for a short one. */
function progressTo(err: Output): (done: string) => void {
  let toldAtMs = performance.now();
  return (done) => {
    if (performance.now() - toldAtMs < PROGRESS_EVERY_MS) return;
    toldAtMs = performance.now();
    err.write(`auditing: ${done} done\n`);
  };
}

async function auditShop(
  env: NodeJS.ProcessEnv,
  { settled, timeLimitMs }: Options,
  onProgress: (done: string) => void,
): Promise<{ report: AuditReport; name: string }> {
  const database = await findShopDatabase(env);
  if (!database) {
    throw new CannotAudit(
      'no shop runs on this data folder (DATA_DIR), so there are no books to look into. Start it with npm start, or set DATABASE_URL',
    );
  }
  const { name, ...books } = database;
  return { report: await audit({ ...books, settled, timeMsMax: timeLimitMs, onProgress }), name };
}

function explain(error: unknown): string {
  if (error instanceof CannotAudit || error instanceof ConfigError) return error.message;
  if (error instanceof Unavailable) return `a database does not answer (${causeOf(error)}). Start it, or correct its DATABASE_URL`;
  return error instanceof Error ? error.message : String(error);
}

/** Several addresses of one host fail together, in an error without a message of its own. */
function causeOf({ cause }: Unavailable): string {
  const errors = cause instanceof AggregateError ? (cause.errors as Error[]) : [cause as Error];
  return errors.map(({ message }) => message).join(', ');
}
