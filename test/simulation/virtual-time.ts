import type { Random } from './random.js';
import { type Scheduler, Step } from './scheduler.js';

const EPOCH_MS = Date.UTC(2026, 0, 1);

/** A moment of virtual time as a date, `offsetMs` away from the true one. */
export const epochMs = (virtualMs: number, offsetMs = 0): number => EPOCH_MS + Math.floor(virtualMs + offsetMs);

/**
 * Puts virtual time and seeded chance in the place of the globals that production code uses, for as long as `work` runs.
 * Microtasks stay those of the engine. Real timers of others (the test runner's) are not touched: they hold their own.
 */
export async function inVirtualTime<T>(scheduler: Scheduler, random: Random, work: () => Promise<T>): Promise<T> {
  const RealDate = Date;
  const now = (): number => epochMs(scheduler.nowMs, scheduler.context.clockOffsetMs);
  const restore = [
    replace(globalThis, 'Date', virtualDate(RealDate, now)),
    replace(globalThis, 'setTimeout', (work: () => void, delayMs = 0) => scheduler.after(Math.max(1, delayMs), scheduler.context, work)),
    replace(globalThis, 'clearTimeout', cancel),
    replace(globalThis, 'setImmediate', (work: () => void) => scheduler.after(0, scheduler.context, work)),
    replace(globalThis, 'clearImmediate', cancel),
    replace(performance, 'now', () => scheduler.nowMs),
    replace(Math, 'random', () => random.next()),
    replace(AbortSignal, 'timeout', (delayMs: number) => abortingAfter(scheduler, delayMs)),
  ];
  try {
    return await work();
  } finally {
    for (const undo of restore) undo();
  }
}

const cancel = (step: unknown): void => {
  if (step instanceof Step) step.work = undefined;
};

function virtualDate(RealDate: DateConstructor, now: () => number): unknown {
  return class extends RealDate {
    constructor(...given: readonly unknown[]) {
      super(...((given.length === 0 ? [now()] : given) as [number]));
    }

    static override now(): number {
      return now();
    }
  };
}

function abortingAfter(scheduler: Scheduler, delayMs: number): AbortSignal {
  const controller = new AbortController();
  scheduler.after(delayMs, scheduler.context, () => controller.abort());
  return controller.signal;
}

function replace(target: object, name: string, value: unknown): () => void {
  const original = Object.getOwnPropertyDescriptor(target, name);
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
  return () => (original ? Object.defineProperty(target, name, original) : Reflect.deleteProperty(target, name));
}
