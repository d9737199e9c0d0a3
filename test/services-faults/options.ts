import { parseArgs } from 'node:util';
import { orWrongOption, within } from '../support/command-options.js';

export interface ChaosOptions {
  readonly clients: number;
  readonly calmSeconds: number;
  /** Only the faults whose name has this in it. */
  readonly only: string;
}

export const USAGE = `Runs the shop as one service per domain on Kafka, with a database each, and breaks one part after the other under load:
the broker, the services' databases, the services themselves. After each fault it waits until orders can be placed and paid again, until
nothing is undelivered and the audit of all databases is clean, and lets every customer repeat every request.

Usage: npm run chaos -- [--clients 6] [--calm-seconds 5] [--only TEXT]

  --clients       customers who order, pay and cancel at the same time (1 to 64)
  --calm-seconds  of undisturbed load before each fault, in which payments are measured (1 to 600)
  --only          only the faults with this text in their name, such as "broker"
  --help          this text

It prints a line per fault. "recovered" is the time from the end of the fault (of a killed service: from its start) until an order can be
placed and paid; "drained" that until all is at rest and the audit is clean; "paid again" counts payments that nobody could decide within
their 60 s, which were undone. Exit code: 0 nothing was violated, 1 something was, 2 it could not run.
`;

const CLIENTS_MAX = 64;
const CALM_SECONDS_MAX = 600;

/** @returns null when help is asked for. */
export function parseChaosOptions(args: readonly string[]): ChaosOptions | null {
  const { values } = parsed(args);
  if (values.help) return null;
  return {
    clients: within('clients', values.clients, CLIENTS_MAX),
    calmSeconds: within('calm-seconds', values['calm-seconds'], CALM_SECONDS_MAX),
    only: values.only,
  };
}

const parsed = (args: readonly string[]) =>
  orWrongOption(() =>
    parseArgs({
      args: [...args],
      options: {
        clients: { type: 'string', default: '6' },
        'calm-seconds': { type: 'string', default: '5' },
        only: { type: 'string', default: '' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }),
  );
