import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseConfig } from '../../config/config.js';
import { generatedSecret } from '../../config/secrets.js';
import { ReplayError } from './replay-error.js';
import type { Credentials } from './session.js';

/** What matters of the shop's own settings; the others may be wrong or missing here. */
const SETTINGS = ['PORT', 'DATA_DIR', 'ADMIN_EMAIL', 'ADMIN_PASSWORD'];
const CLIENTS_DEFAULT = 32;
const CLIENTS_MAX = 512;
const RATE_MAX = 100_000;
const DEMO_OPERATOR_EMAIL = 'operator@ordersaga.example';
const DEMO_PASSWORD_CHARACTERS = 16;

export const USAGE = `Runs a retail history through the HTTP API of a running shop: its catalogue, its customers, every invoice placed and paid.

Usage: npm run replay -- FILE.csv [options]

FILE.csv has the columns of the UCI "Online Retail" data set: InvoiceNo, StockCode, Description, Quantity,
InvoiceDate (ISO 8601), UnitPrice (pounds), CustomerID (empty: a guest). The shop must run with CURRENCY=GBP.

  --rate N                    orders per second at most; as fast as it goes without
  --clients N                 orders under way at a time (${CLIENTS_DEFAULT})
  --url ADDRESS               the shop (http://127.0.0.1:3000, or the PORT of the environment)
  --operator-email E-MAIL     who imports the catalogue and tops up balances: ADMIN_EMAIL and ADMIN_PASSWORD of the
  --operator-password TEXT    environment, else the demo operator of the shop in DATA_DIR (./data)
  --audit, --no-audit         check the shop's books at the end: by default, if its database can be reached from here
  --json FILE                 write the figures to a file, too
  --help                      this text

Ends with exit code 0 when every figure of the shop is the file's own, 1 when not, 2 when the run could not be made.

Example: npm run replay -- examples/online-retail-50-invoices.csv --rate 20`;

export interface ReplayOptions {
  readonly file: string;
  readonly ordersPerSecondMax: number | null;
  readonly clients: number;
  readonly url: string;
  readonly operator: Credentials;
  /** Null: if it can be done. */
  readonly audit: boolean | null;
  readonly json: string | null;
}

/** @throws ReplayError for a wrong option, ConfigError for a wrong variable; `help` when that is what was asked for */
export function parseOptions(args: readonly string[], env: NodeJS.ProcessEnv): ReplayOptions | 'help' {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  const [file, ...more] = positionals;
  if (file === undefined) throw new ReplayError('Which file? For example: npm run replay -- examples/online-retail-50-invoices.csv');
  if (more.length > 0) throw new ReplayError(`One file at a time: ${more.join(' ')} is too much.`);
  const config = parseConfig(Object.fromEntries(SETTINGS.map((name) => [name, env[name]])));
  return {
    file,
    ordersPerSecondMax: values.rate === undefined ? null : numberIn('--rate', values.rate, 0.01, RATE_MAX),
    clients: values.clients === undefined ? CLIENTS_DEFAULT : wholeIn('--clients', values.clients, CLIENTS_MAX),
    url: addressOf(values.url ?? `http://127.0.0.1:${config.port}`),
    operator: operatorOf(values['operator-email'], values['operator-password'], config),
    audit: values.audit ?? null,
    json: values.json ?? null,
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      allowNegative: true,
      options: {
        rate: text,
        clients: text,
        url: text,
        'operator-email': text,
        'operator-password': text,
        audit: flag,
        json: text,
        help: { ...flag, short: 'h' },
      },
    });
  } catch (error) {
    if (error instanceof TypeError && 'code' in error) {
      throw new ReplayError(`${error.message.replace(/\. To specify.*/s, '')}. See --help.`);
    }
    throw error;
  }
}

function operatorOf(email: string | undefined, password: string | undefined, config: ReturnType<typeof parseConfig>): Credentials {
  if (email !== undefined && password !== undefined) return { email, password };
  if (email !== undefined || password !== undefined) {
    throw new ReplayError('--operator-email and --operator-password belong together: give both.');
  }
  if (config.operator) return config.operator;
  // Looked at first: asking for a secret that is not there would make one.
  if (existsSync(join(config.dataDir, 'secrets', 'demo-operator-password'))) {
    return {
      email: DEMO_OPERATOR_EMAIL,
      password: generatedSecret(config.dataDir, 'demo-operator-password').slice(0, DEMO_PASSWORD_CHARACTERS),
    };
  }
  throw new ReplayError(
    `Who is the operator? There is no demo operator in ${config.dataDir}: set DATA_DIR as for npm start, or ADMIN_EMAIL and ADMIN_PASSWORD.`,
  );
}

function addressOf(text: string): string {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new ReplayError(`--url must be an address such as http://127.0.0.1:3000, not ${JSON.stringify(text)}.`);
  }
  return url.href.replace(/\/+$/, '');
}

function numberIn(option: string, text: string, min: number, max: number): number {
  const number = /^\d{1,9}(?:\.\d{1,9})?$/.test(text) ? Number(text) : NaN;
  if (!(number >= min && number <= max)) {
    throw new ReplayError(`${option} must be a number from ${min} to ${max}, not ${JSON.stringify(text)}.`);
  }
  return number;
}

function wholeIn(option: string, text: string, max: number): number {
  const number = numberIn(option, text, 1, max);
  if (!Number.isInteger(number)) throw new ReplayError(`${option} must be a whole number from 1 to ${max}, not ${JSON.stringify(text)}.`);
  return number;
}
