import { parseArgs } from 'node:util';
import { orWrongOption, within } from '../../test/support/command-options.js';

export interface SoakOptions {
  readonly minutes: number;
  /** Orders paid a second; as many are placed. */
  readonly rate: number;
  readonly out: string;
}

const DEFAULTS = { minutes: '60', rate: '300' };
/** So that balances and stock of the town suffice for the longest run: an order takes one of a million pieces, and 10 of a billion. */
const MAX = { minutes: 1_440, rate: 5_000 };

export const USAGE = `Does the shop's memory stay flat? Starts a PostgreSQL of its own (with fsync) and the compiled shop on it, and has customers place and
pay orders at a steady rate, every tenth with a coupon, while others read products and the top products. Looks at the shop's memory
every 10 seconds, and audits the books at the end. All on this machine.

Usage: npm run bench:soak -- [options]

  --minutes     of load (1 to ${MAX.minutes}, default ${DEFAULTS.minutes})
  --rate        orders paid a second (1 to ${MAX.rate}, default ${DEFAULTS.rate})
  --out FOLDER  where the results go, as JSON and HTML (default bench/results)
  --help        this text

Ctrl-C ends it and everything that it started. Exit code: 0 clean, 1 something was not right, 2 it could not run.
A memory that grows beyond its target is no error.
`;

/** @returns null when help is asked for. */
export function parseSoakOptions(args: readonly string[], defaultOut: string): SoakOptions | null {
  const { values } = parsed(args);
  if (values.help) return null;
  return {
    minutes: within('minutes', values.minutes, MAX.minutes),
    rate: within('rate', values.rate, MAX.rate),
    out: values.out ?? defaultOut,
  };
}

const parsed = (args: readonly string[]) =>
  orWrongOption(() =>
    parseArgs({
      args: [...args],
      options: {
        minutes: { type: 'string', default: DEFAULTS.minutes },
        rate: { type: 'string', default: DEFAULTS.rate },
        out: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }),
  );
