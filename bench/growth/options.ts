import { parseArgs } from 'node:util';
import { orWrongOption, within } from '../../test/support/command-options.js';
import type { ShopSize } from './generate-shop.js';
import type { Load } from './measured-load.js';

export interface GrowthOptions {
  readonly size: ShopSize;
  readonly rounds: number;
  readonly load: Load;
  readonly out: string;
}

const DEFAULTS = { orders: '10000000', rounds: '5', paid: '8000', clients: '32' };
const SMALLEST = { users: 1_000, options: 1_000 };
const MAX = { orders: 1_000_000_000, rounds: 99, paid: 100_000, clients: 256 };

export const USAGE = `Does the shop become slower as it grows? A year of a shop is generated, and an empty shop; then the same load runs on both in turn, on
one PostgreSQL with the settings of npm start: customers from anywhere place an order each, they pay, and somebody reads the top products,
each when the shop has done with what came before. At the end every list and lookup is asked for on both, and both are audited.

Usage: npm run bench:growth -- [options]

  --orders      of the grown shop (1 to ${MAX.orders}, default ${DEFAULTS.orders})
  --users       of the grown shop (default a tenth of its orders, but ${SMALLEST.users} at least)
  --options     of its products (default a hundredth of its orders, but ${SMALLEST.options} at least)
  --rounds      alternations of both shops; figures are medians (1 to ${MAX.rounds}, default ${DEFAULTS.rounds})
  --paid        orders placed and paid in each round and shop (1 to ${MAX.paid}, default ${DEFAULTS.paid})
  --clients     at the same time (1 to ${MAX.clients}, default ${DEFAULTS.clients})
  --out FOLDER  where the result goes, as JSON (default bench/results)
  --help        this text

Ctrl-C ends it and everything that it started. Exit code: 0 measured and clean, 1 something was violated, 2 it could not run.
`;

/** @returns null when help is asked for. */
export function parseGrowthOptions(args: readonly string[], defaultOut: string): GrowthOptions | null {
  const { values } = parsed(args);
  if (values.help) return null;
  const orders = within('orders', values.orders, MAX.orders);
  return {
    size: {
      orders,
      users: within('users', values.users ?? atLeast(SMALLEST.users, orders / 10), MAX.orders),
      options: within('options', values.options ?? atLeast(SMALLEST.options, orders / 100), MAX.orders),
    },
    rounds: within('rounds', values.rounds, MAX.rounds),
    load: { orders: within('paid', values.paid, MAX.paid), clients: within('clients', values.clients, MAX.clients) },
    out: values.out ?? defaultOut,
  };
}

const atLeast = (least: number, figure: number): string => String(Math.max(least, Math.floor(figure)));

const parsed = (args: readonly string[]) =>
  orWrongOption(() =>
    parseArgs({
      args: [...args],
      options: {
        orders: { type: 'string', default: DEFAULTS.orders },
        users: { type: 'string' },
        options: { type: 'string' },
        rounds: { type: 'string', default: DEFAULTS.rounds },
        paid: { type: 'string', default: DEFAULTS.paid },
        clients: { type: 'string', default: DEFAULTS.clients },
        out: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }),
  );
