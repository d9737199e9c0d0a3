import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { PLANTED_BUGS } from '../planted-bugs/all.js';
import type { PlantedBug } from '../planted-bugs/planted-bug.js';
import { SHAPES, type Shape } from '../history.js';
import { FAMILIES, type Family } from '../random-history.js';
import { type Reduction, parseReduction } from '../reduction.js';

const HISTORIES_DEFAULT = 20_000;
const HISTORIES_MAX = 1_000_000_000;
const WORKERS_MAX = 64;

export const USAGE = `Runs random histories of the shop in virtual time: crashes, lost commits, duplicates, delays, outages, zombies and
clock jumps, on the production code. Stops at the first history in which a promise is broken, and makes it smaller.

Usage: npm run simulate -- [options]

  --histories N     how many (${HISTORIES_DEFAULT}), one for each seed
  --from SEED       the first seed (1)
  --workers N       processes (one for each core)
  --small-scope     instead: everything that can happen to one order, enumerated
  --seed SEED       instead: one history, with its trace
  --plan PLAN       with --seed: what is left of that history, as a failure prints it
  --number N        with --small-scope: one history of it, with its trace
  --family NAME     only histories of one family: ${FAMILIES.join(', ')}
  --shape NAME      how the domains talk: ${SHAPES.join(', ')} (${SHAPES[0]})
  --bug NAME        with a mistake planted (part of its name)
  --help            this text

Ends with exit code 0 when all promises held, 1 when one was broken, 2 when the run could not be made.`;

export interface Choices {
  readonly family: Family | undefined;
  readonly shape: Shape;
  readonly bug: PlantedBug | undefined;
}

export type Command = Choices &
  (
    | { readonly kind: 'help' }
    | { readonly kind: 'search'; readonly histories: number; readonly from: number; readonly workers: number }
    | { readonly kind: 'replay'; readonly seed: number; readonly plan: Reduction | undefined }
    | { readonly kind: 'small scope'; readonly only: number | undefined }
  );

/** @throws RangeError in words for whoever typed it. */
export function parseCommand(args: readonly string[]): Command {
  const { values } = parsed(args);
  const choices = { family: familyOf(values.family), shape: shapeOf(values.shape), bug: bugOf(values.bug) };
  if (values.help) return { ...choices, kind: 'help' };
  if (values['small-scope']) {
    return { ...choices, kind: 'small scope', only: values.number === undefined ? undefined : whole('--number', values.number) };
  }
  if (values.seed !== undefined) {
    const plan = values.plan === undefined ? undefined : parseReduction(values.plan);
    return { ...choices, kind: 'replay', seed: whole('--seed', values.seed), plan };
  }
  return {
    ...choices,
    kind: 'search',
    histories: whole('--histories', values.histories ?? String(HISTORIES_DEFAULT), HISTORIES_MAX),
    from: whole('--from', values.from ?? '1'),
    workers: whole('--workers', values.workers ?? String(availableParallelism()), WORKERS_MAX),
  };
}

function parsed(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const;
    const flag = { type: 'boolean' } as const;
    return parseArgs({
      args: [...args],
      options: {
        histories: text,
        from: text,
        workers: text,
        seed: text,
        plan: text,
        number: text,
        family: text,
        shape: text,
        bug: text,
        'small-scope': flag,
        help: flag,
      },
    });
  } catch (fault) {
    throw new RangeError((fault as Error).message, { cause: fault });
  }
}

function whole(option: string, text: string, most = Number.MAX_SAFE_INTEGER): number {
  const isWhole = /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= most;
  if (!isWhole) throw new RangeError(`${option}: a whole number from 1 to ${most}, not "${text}"`);
  return Number(text);
}

function familyOf(name: string | undefined): Family | undefined {
  const family = FAMILIES.find((each) => each === name);
  if (name !== undefined && !family) throw new RangeError(`--family: one of ${FAMILIES.join(', ')}, not "${name}"`);
  return family;
}

function shapeOf(name: string = SHAPES[0]): Shape {
  const shape = SHAPES.find((each) => each === name);
  if (!shape) throw new RangeError(`--shape: one of ${SHAPES.join(', ')}, not "${name}"`);
  return shape;
}

function bugOf(name: string | undefined): PlantedBug | undefined {
  if (name === undefined) return undefined;
  const bug = PLANTED_BUGS.find((each) => each.name.includes(name));
  if (!bug) throw new RangeError(`--bug: no planted mistake is called "${name}"`);
  return bug;
}
