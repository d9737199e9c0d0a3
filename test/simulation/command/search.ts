import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Command } from './options.js';
import type { Block, Result } from './worker.js';

const HISTORIES_PER_BLOCK_MAX = 200;
const PROGRESS_EVERY_MS = 2_000;

export interface Tally {
  histories: number;
  awaits: number;
  readonly faults: Map<string, number>;
}

type Search = Extract<Command, { kind: 'search' }>;

/** Runs a history for each seed, in as many processes as asked for. @returns the count, and the first seed that was found to fail. */
export async function search(
  { from, histories, workers, family, shape, bug }: Search,
  progress: (tally: Tally) => void,
): Promise<{ readonly tally: Tally; readonly brokenBy: number | undefined }> {
  const tally: Tally = { histories: 0, awaits: 0, faults: new Map() };
  const end = from + histories;
  let next = from;
  let brokenBy: number | undefined;

  const nextBlock = (): Block | undefined => {
    if (next >= end || brokenBy !== undefined) return undefined;
    const count = Math.min(HISTORIES_PER_BLOCK_MAX, end - next);
    const block = { from: next, count, family, shape, bug: bug?.name };
    next += count;
    return block;
  };
  const take = (result: Result): void => {
    if (result.kind === 'broken') brokenBy = Math.min(brokenBy ?? Infinity, result.seed);
    else add(tally, result);
  };

  const timer = setInterval(() => progress(tally), PROGRESS_EVERY_MS);
  try {
    await Promise.all(Array.from({ length: workers }, () => work(nextBlock, take)));
  } finally {
    clearInterval(timer);
  }
  return { tally, brokenBy };
}

/** One worker process, from its first block to its last. */
function work(nextBlock: () => Block | undefined, take: (result: Result) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker: ChildProcess = fork(fileURLToPath(new URL('./worker.ts', import.meta.url)));
    const feed = (): void => {
      const block = nextBlock();
      if (block) worker.send(block);
      else worker.disconnect();
    };
    worker.on('message', (result: Result) => {
      take(result);
      feed();
    });
    worker.once('error', reject);
    worker.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a worker process ended with code ${code}`))));
    feed();
  });
}

export function add(
  tally: Tally,
  { histories, awaits, faults }: Pick<Extract<Result, { kind: 'held' }>, 'histories' | 'awaits' | 'faults'>,
): void {
  tally.histories += histories;
  tally.awaits += awaits;
  for (const [kind, times] of faults) tally.faults.set(kind, (tally.faults.get(kind) ?? 0) + times);
}
