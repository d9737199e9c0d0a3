import { parseArgs } from 'node:util';
import { ConfigError } from '../config/config.js';
import { Databases } from '../database/databases.js';
import { Unavailable } from '../kernel/faults.js';
import type { Period } from '../order/application/data-platform.port.js';
import { HandOverService } from '../order/application/hand-over.service.js';
import { type Gap, ReconcileDataPlatformUseCase, type Reconciliation } from '../order/application/reconcile-data-platform.use-case.js';
import { dataPlatformOf } from '../order/infrastructure/data-platform-of.js';
import { PgDataPlatformAcks } from '../order/infrastructure/pg-data-platform-acks.js';
import { findShopDatabase, toolConfig } from './shop-database.js';

export const EXIT = { complete: 0, gaps: 1, failed: 2 } as const;

const BACKFILL_MS_MAX = 3_600_000;
const LINES_MAX = 50;
const DATA_PLATFORM_SETTINGS = /^(?:DATA_DIR|DATA_PLATFORM_.+|KAFKA_.+)$/;
/** What was paid this moment may still be on its way. */
const ON_ITS_WAY_MS = 60_000;

const USAGE = `Compares the paid orders with what the data platform has acknowledged; for files, also with what they hold.

Usage: ordersaga data-platform reconcile --from TIME [--to TIME] [--backfill] [--json]

  --from TIME  orders paid from this time on: 2026-11-30 (UTC) or 2026-11-30T09:00:00Z
  --to TIME    and before this time (default: one minute ago; what was paid this moment may still be on its way)
  --backfill   send what is missing, under the same event ids
  --json       the answer as JSON; its list of gaps ends after 10,000
  --help       this text

The database is that of DATABASE_URL, or else the embedded one of the shop that runs on DATA_DIR (./data).
The data platform is that of DATA_PLATFORM_URL, or else the files in DATA_DIR.
Exit code: 0 nothing is missing (any more), 1 something is, 2 wrong use, or the database or the data platform cannot be reached.
`;

interface Output {
  write(text: string): unknown;
}

/** The message is one line, and tells the remedy. */
class WrongUse extends Error {
  override readonly name = 'WrongUse';
}

interface Options {
  readonly period: Period;
  readonly backfill: boolean;
  readonly json: boolean;
}

/** @returns the exit code. */
export async function dataPlatformCommand(args: readonly string[], env: NodeJS.ProcessEnv, out: Output, err: Output): Promise<number> {
  try {
    const options = parse(args);
    if (options === 'help') {
      out.write(USAGE);
      return EXIT.complete;
    }
    const found = await reconcile(env, options);
    out.write(options.json ? `${JSON.stringify(found, null, 2)}\n` : linesOf(found, options));
    return found.gapsLeft === 0 ? EXIT.complete : EXIT.gaps;
  } catch (error) {
    err.write(`ordersaga: ${explain(error)}\n`);
    return EXIT.failed;
  }
}

async function reconcile(env: NodeJS.ProcessEnv, { period, backfill }: Options): Promise<Reconciliation> {
  const shop = await findShopDatabase(env);
  if (!shop) throw new WrongUse('no shop runs on this data folder (DATA_DIR). Start it with npm start, or set DATABASE_URL');
  const dataPlatform = dataPlatformOf(toolConfig(env, DATA_PLATFORM_SETTINGS));
  const databases = new Databases({ url: shop.url, domainUrls: shop.domainUrls, poolConnectionsMax: 1 });
  try {
    const acks = new PgDataPlatformAcks(databases.of('order'));
    const useCase = new ReconcileDataPlatformUseCase(acks, dataPlatform, new HandOverService(dataPlatform, acks));
    return await useCase.execute({ period, backfill, signal: AbortSignal.timeout(BACKFILL_MS_MAX) });
  } finally {
    await Promise.all([dataPlatform.close(), databases.close()]);
  }
}

function linesOf({ adapter, paidOrders, gapsFound, gapsLeft, gaps }: Reconciliation, { period, backfill }: Options): string {
  const more = gapsFound - LINES_MAX;
  return [
    `${paidOrders} order(s) paid from ${period.from.toISOString()} to ${period.to.toISOString()}, data platform: ${adapter}`,
    ...gaps.slice(0, LINES_MAX).map(lineOf),
    ...(more > 0 ? [`and ${more} more; --json lists them`] : []),
    gapsFound === 0
      ? 'nothing is missing'
      : `${gapsFound} missing${backfill ? `, ${gapsFound - gapsLeft} sent again, ${gapsLeft} left` : ''}`,
    ...(gapsLeft > 0 && !backfill ? ['--backfill sends what is missing'] : []),
    '',
  ].join('\n');
}

const WHY = { NOT_ACKNOWLEDGED: 'not acknowledged', ACKNOWLEDGED_BUT_ABSENT: 'acknowledged, but not there' } as const;

const lineOf = ({ orderId, paidAt, why, backfill }: Gap): string =>
  `order ${orderId}, paid at ${paidAt.toISOString()}: ${WHY[why]}${backfill === null ? '' : ` - ${backfill === 'SENT' ? 'sent again' : backfill}`}`;

function parse(args: readonly string[]): Options | 'help' {
  const { values, positionals } = parsed(args);
  if (values.help) return 'help';
  const [command, ...others] = positionals;
  if (command !== 'reconcile' || others.length > 0) throw new WrongUse('say what to do: reconcile');
  if (values.from === undefined) throw new WrongUse('say from when on: --from 2026-11-30');
  const period = {
    from: instant('--from', values.from),
    to: values.to === undefined ? new Date(Date.now() - ON_ITS_WAY_MS) : instant('--to', values.to),
  };
  if (period.from >= period.to) throw new WrongUse('--from must be before --to, which is one minute ago unless told');
  return { period, backfill: values.backfill ?? false, json: values.json ?? false };
}

/** A time without its zone would mean another moment on every machine. */
function instant(option: string, text: string): Date {
  const isUnambiguous = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/.test(text);
  const time = new Date(text);
  if (isUnambiguous && !Number.isNaN(time.getTime())) return time;
  throw new WrongUse(`${option} must be a time like 2026-11-30 or 2026-11-30T09:00:00Z`);
}

function parsed(args: readonly string[]) {
  const options = {
    from: { type: 'string' },
    to: { type: 'string' },
    backfill: { type: 'boolean' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new WrongUse((error as Error).message.split('. ')[0], { cause: error });
  }
}

function explain(error: unknown): string {
  if (error instanceof WrongUse) return `${error.message}. See: ordersaga data-platform --help`;
  if (error instanceof ConfigError) return error.message;
  if (error instanceof Unavailable) return `${error.message}${causeOf(error)}. Nothing that was acknowledged is lost: repeat it`;
  return error instanceof Error ? error.message : String(error);
}

/** The database's own words, or the socket's. */
const causeOf = ({ cause }: Unavailable): string => (cause instanceof Error ? ` (${cause.message})` : '');
