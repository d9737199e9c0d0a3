import { parseArgs } from 'node:util';
import { orWrongOption, within } from '../support/command-options.js';

export interface SoakOptions {
  readonly minutes: number;
  readonly killEverySeconds: number;
  readonly clients: number;
}

export const USAGE = `Kills the shop, its database, or both, every few seconds at a random moment under load, and audits its books after each kill.

Usage: npm run soak -- [--minutes 60] [--kill-every-seconds 5] [--clients 8]

  --minutes             how long; the round in hand is finished (1 to 10080)
  --kill-every-seconds  the mean time from a recovery to the next kill (1 to 3600)
  --clients             customers who order, pay and cancel at the same time (1 to 256)
  --help                this text

Ctrl-C ends it after the round in hand. Exit code: 0 nothing was violated, 1 something was, 2 it could not run.
`;

/** @returns null when help is asked for. */
export function parseSoakOptions(args: readonly string[]): SoakOptions | null {
  const { values } = parsed(args);
  if (values.help) return null;
  return {
    minutes: within('minutes', values.minutes, 10_080),
    killEverySeconds: within('kill-every-seconds', values['kill-every-seconds'], 3_600),
    clients: within('clients', values.clients, 256),
  };
}

const parsed = (args: readonly string[]) =>
  orWrongOption(() =>
    parseArgs({
      args: [...args],
      options: {
        minutes: { type: 'string', default: '60' },
        'kill-every-seconds': { type: 'string', default: '5' },
        clients: { type: 'string', default: '8' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }),
  );
