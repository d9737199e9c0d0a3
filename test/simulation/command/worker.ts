import { PLANTED_BUGS } from '../planted-bugs/all.js';
import { type Family, randomHistory } from '../random-history.js';
import type { Shape } from '../history.js';
import { simulate } from '../simulate.js';

/** A block of seeds to be run, as the parent sends it. */
export interface Block {
  readonly from: number;
  readonly count: number;
  readonly family: Family | undefined;
  readonly shape: Shape;
  readonly bug: string | undefined;
}

/** What became of a block: all of it, or the history that broke a promise. */
export type Result =
  | { readonly kind: 'held'; readonly histories: number; readonly awaits: number; readonly faults: readonly (readonly [string, number])[] }
  | { readonly kind: 'broken'; readonly seed: number };

/** One process of a search: runs blocks of seeds until its parent lets go of it. */
process.on('message', (block: Block) => void run(block).then((result) => process.send?.(result)));

async function run({ from, count, family, shape, bug: name }: Block): Promise<Result> {
  const bug = PLANTED_BUGS.find((each) => each.name === name);
  const faults = new Map<string, number>();
  let awaits = 0;
  for (let seed = from; seed < from + count; seed++) {
    const outcome = await simulate(randomHistory(seed, family, shape), { bug });
    if (outcome.violations.length > 0) return { kind: 'broken', seed };
    awaits += outcome.awaits;
    for (const [kind, times] of outcome.faults) faults.set(kind, (faults.get(kind) ?? 0) + times);
  }
  return { kind: 'held', histories: count, awaits, faults: [...faults] };
}
