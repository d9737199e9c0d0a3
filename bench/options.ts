import { parseArgs } from 'node:util';
import { orWrongOption, within, WrongOption } from '../test/support/command-options.js';
import { SCENARIOS } from './scenarios/all.js';
import type { Scenario } from './scenarios/scenario.js';

export interface BenchOptions {
  readonly scenarios: readonly Scenario[];
  readonly rounds: number;
  /** Of one measurement. */
  readonly secondsMax: number;
  readonly requestsMax: number;
  /** Of the whole run: past its share of it, a scenario begins no further round. */
  readonly minutesMax: number;
  readonly customers: number;
  readonly products: number;
  readonly out: string;
  readonly quick: boolean;
}

const FULL = { rounds: '5', seconds: '2', requests: '20000', minutes: '11' };
const QUICK = { rounds: '1', seconds: '2', requests: '96', minutes: '5' };
const TOWN = { full: { customers: 1_000, products: 1_000 }, quick: { customers: 100, products: 50 } };

export const USAGE = `Measures the shop: starts a PostgreSQL of its own (with fsync) and the compiled shop on it, sends requests from a process of their
own, measures what pgbench does with the same work in turn, and audits the books after each scenario. All on this machine.

Usage: npm run bench -- [options]

  --scenarios a,b  only these: ${SCENARIOS.map(({ name }) => name).join(', ')}
  --rounds         alternations of shop and yardstick; figures are medians (1 to 99, default ${FULL.rounds})
  --seconds        of one measurement at most (1 to 600, default ${FULL.seconds})
  --requests       of one measurement at most (1 to 1000000, default ${FULL.requests})
  --minutes        of the whole run: past its share, a scenario begins no further round (1 to 1440, default ${FULL.minutes})
  --out FOLDER     where the results go, as JSON and HTML (default bench/results)
  --quick          a few requests of every kind, for correctness: no figure of it means anything
  --help           this text

Ctrl-C ends it and everything that it started. Exit code: 0 measured and clean, 1 something was not right, 2 it could not run.
A target that is missed is no error.
`;

/** @returns null when help is asked for. */
export function parseBenchOptions(args: readonly string[], defaultOut: string): BenchOptions | null {
  const { values } = parsed(args);
  if (values.help) return null;
  const defaults = values.quick ? QUICK : FULL;
  return {
    scenarios: values.scenarios === undefined ? SCENARIOS : named(values.scenarios.split(',')),
    rounds: within('rounds', values.rounds ?? defaults.rounds, 99),
    secondsMax: within('seconds', values.seconds ?? defaults.seconds, 600),
    requestsMax: within('requests', values.requests ?? defaults.requests, 1_000_000),
    minutesMax: within('minutes', values.minutes ?? defaults.minutes, 1_440),
    ...(values.quick ? TOWN.quick : TOWN.full),
    out: values.out ?? defaultOut,
    quick: values.quick,
  };
}

function named(names: readonly string[]): readonly Scenario[] {
  const unknown = names.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown.length > 0) {
    const known = SCENARIOS.map(({ name }) => name).join(', ');
    throw new WrongOption(`--scenarios knows no ${unknown.map((name) => JSON.stringify(name)).join(', ')}, but ${known}`);
  }
  return SCENARIOS.filter(({ name }) => names.includes(name));
}

const parsed = (args: readonly string[]) =>
  orWrongOption(() =>
    parseArgs({
      args: [...args],
      options: {
        scenarios: { type: 'string' },
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        requests: { type: 'string' },
        minutes: { type: 'string' },
        out: { type: 'string' },
        quick: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }),
  );
