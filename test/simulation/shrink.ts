import type { History } from './history.js';
import { type Reduction, reduced, unreduced, withoutOrphans } from './reduction.js';

/** Each smaller shape gets so many chances to fail: what is left out shifts everything that comes after it. */
const CHANCES_PER_SHAPE = 16;
const RUNS_MAX = 3_000;

/** The first thing that broke, or nothing. */
export type Verdict = (history: History) => Promise<string | undefined>;

export interface Shrunk {
  readonly reduction: Reduction;
  readonly history: History;
  readonly violation: string;
  readonly runs: number;
}

/**
 * Makes a failing history smaller as long as it still fails: halves of its operations and faults are left out, then single
 * ones, then processes, repetitions and the ending. It may come to fail otherwise than at first; that is a failure, too.
 */
export async function shrink(history: History, verdict: Verdict, runsMax = RUNS_MAX): Promise<Shrunk> {
  let runs = 0;
  const fails = async (reduction: Reduction): Promise<Shrunk | undefined> => {
    runs++;
    const smaller = reduced(history, reduction);
    const violation = await verdict(smaller);
    return violation === undefined ? undefined : { reduction, history: smaller, violation, runs };
  };

  const whole = await fails(unreduced(history));
  if (!whole) throw new Error('only a history that fails can be made smaller');
  let smallest = whole;
  for (;;) {
    const next = await firstOf(shapes(history, smallest.reduction), fails, () => runs >= runsMax);
    if (!next) return { ...smallest, runs };
    smallest = next;
  }
}

async function firstOf(
  shapes: Iterable<Reduction>,
  fails: (reduction: Reduction) => Promise<Shrunk | undefined>,
  isEnough: () => boolean,
): Promise<Shrunk | undefined> {
  for (const shape of shapes) {
    // As things fell out before, and then as they might: a fault that is aimed at nothing any more is aimed anew.
    const chances = new Set([shape.chance, ...Array.from({ length: CHANCES_PER_SHAPE }, (_, chance) => chance)]);
    for (const chance of chances) {
      if (isEnough()) return undefined;
      const failed = await fails({ ...shape, chance });
      if (failed) return failed;
    }
  }
  return undefined;
}

/** Everything that is one step smaller, the boldest first. */
function* shapes(history: History, from: Reduction): Generator<Reduction> {
  for (const faults of parts(from.faults)) yield { ...from, faults };
  for (const operations of parts(from.operations)) {
    const kept = withoutOrphans(history, operations);
    if (kept.length > 0) yield { ...from, operations: kept };
  }
  if (from.processes > 1) yield { ...from, processes: from.processes - 1 };
  if (from.repeats) yield { ...from, repeats: false };
  if (from.ending !== 'settle') yield { ...from, ending: 'settle' };
}

/** A list without half of it, without a quarter, and so on down to single ones. */
function* parts(list: readonly number[]): Generator<readonly number[]> {
  for (let size = Math.ceil(list.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < list.length; at += size) yield [...list.slice(0, at), ...list.slice(at + size)];
  }
}
