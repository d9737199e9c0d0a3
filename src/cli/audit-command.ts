import { parseArgs } from 'node:util';
import { audit, CannotAudit } from '../audit/audit.js';
import type { AuditReport } from '../audit/report.js';
import { ConfigError } from '../config/config.js';
import { Unavailable } from '../kernel/faults.js';
import { auditTable } from './audit-table.js';
import { findShopDatabase } from './shop-database.js';

export const EXIT = { clean: 0, violations: 1, notAudited: 2 } as const;

const USAGE = `Checks the shop's books against its invariants, in one snapshot, while it runs. Nobody waits for it.

Usage: npm run audit -- [--json] [--settled]
       bin/ordersaga audit [--json] [--settled]

  --json      the report as JSON
  --settled   refuse what is pending, too: payments, releases and deliveries under way. For a shop at rest
  --help      this text

The database is that of DATABASE_URL, or else the embedded one of the shop that runs on DATA_DIR (./data).
Exit code: 0 the books are clean, 1 they are not, 2 they could not be audited.
`;

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

interface Options {
  readonly json: boolean;
  readonly settled: boolean;
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
    const { report, name } = await auditShop(env, options);
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
      options: { json: { type: 'boolean' }, settled: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
    return { json: values.json ?? false, settled: values.settled ?? false, help: values.help ?? false };
  } catch (error) {
    throw new CannotAudit(`${(error as Error).message.split('. ')[0]}. See: npm run audit -- --help`, { cause: error });
  }
}

async function auditShop(env: NodeJS.ProcessEnv, { settled }: Options): Promise<{ report: AuditReport; name: string }> {
  const database = await findShopDatabase(env);
  if (!database) {
    throw new CannotAudit(
      'no shop runs on this data folder (DATA_DIR), so there are no books to look into. Start it with npm start, or set DATABASE_URL',
    );
  }
  const { url, domainUrls, name } = database;
  return { report: await audit({ url, domainUrls, settled }), name };
}

function explain(error: unknown): string {
  if (error instanceof CannotAudit || error instanceof ConfigError) return error.message;
  if (error instanceof Unavailable) return `the database does not answer (${causeOf(error)}). Start it, or correct DATABASE_URL`;
  return error instanceof Error ? error.message : String(error);
}

/** Several addresses of one host fail together, in an error without a message of its own. */
function causeOf({ cause }: Unavailable): string {
  const errors = cause instanceof AggregateError ? (cause.errors as Error[]) : [cause as Error];
  return errors.map(({ message }) => message).join(', ');
}
