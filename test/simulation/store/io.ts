import { InjectedOutage, traceOf } from '../faults.js';
import type { Random } from '../random.js';
import type { Context, Scheduler } from '../scheduler.js';
import type { Strike, Striker } from '../striker.js';
import type { MemoryTransaction } from './memory-transaction.js';

/** Something that a process asks of the world outside of itself, and awaits. */
export interface Op {
  readonly kind: 'statement' | 'commit' | 'autocommit' | 'look' | 'outside' | 'send';
  readonly label: string;
  readonly domain: string;
  readonly context: Context;
  readonly tx: MemoryTransaction | undefined;
}

export interface IoOptions {
  readonly scheduler: Scheduler;
  readonly striker: Striker;
  readonly random: Random;
  /** A step takes up to this long. */
  readonly latencyMsMax: number;
  readonly trace: ((line: string) => void) | undefined;
  readonly onAwait: ((op: Op) => void) | undefined;
}

/**
 * The way between the processes and the store. Everything awaited passes here, takes its time, and may be struck by a fault:
 * before it has any effect, or after it, when the answer is what gets lost.
 */
export class Io {
  /** Awaits so far, in all processes: what faults are aimed by. */
  awaits = 0;

  constructor(private readonly options: IoOptions) {}

  perform<T>(op: Op, effect: () => T | Promise<T>): Promise<T> {
    const { scheduler, random, latencyMsMax } = this.options;
    return new Promise((resolve, reject) => {
      scheduler.after(random.next() * latencyMsMax, op.context, () => {
        this.awaits++;
        this.options.onAwait?.(op);
        this.note(op.context, `${traceOf(op)}${op.tx ? ` (tx ${op.tx.number})` : ''}`);
        const strike = this.options.striker.strike(op, this.awaits);
        if (strike) this.struck(strike, op, effect, resolve, reject);
        else settle(effect, resolve, reject);
      });
    });
  }

  /** A look that finds nothing new: it is over at once, unless the domain is away. */
  glance<T>(domain: string, see: () => T): Promise<T> {
    if (this.options.striker.isOut(domain)) return Promise.reject(new InjectedOutage(`${domain} is away`));
    return Promise.resolve(see());
  }

  /** Goes on in a process that has waited for another one. */
  resume(context: Context, work: () => void): void {
    const { scheduler, random, latencyMsMax } = this.options;
    scheduler.after(random.next() * latencyMsMax, context, work);
  }

  /** Whether somebody else comes in between two rows of one statement. */
  pauses(): boolean {
    return this.options.random.chance(0.4);
  }

  pause(context: Context): Promise<void> {
    return new Promise((resolve) => this.resume(context, resolve));
  }

  losesHints(): boolean {
    return this.options.striker.losesHints();
  }

  /** A line for whoever replays this history. */
  note(context: Context, line: string): void {
    const { trace, scheduler } = this.options;
    if (trace) trace(`${scheduler.nowMs.toFixed(1).padStart(9)} ms  #${String(this.awaits).padEnd(5)} ${context.name.padEnd(9)} ${line}`);
  }

  private struck<T>(
    strike: Strike,
    op: Op,
    effect: () => T | Promise<T>,
    resolve: (value: T) => void,
    reject: (fault: unknown) => void,
  ): void {
    const { scheduler } = this.options;
    switch (strike.kind) {
      case 'gone':
        return;
      case 'fails':
        return reject(strike.fault);
      case 'late':
        scheduler.after(strike.byMs, op.context, () => settle(effect, resolve, reject));
        return;
      case 'done, then gone':
        settle(effect, noop, noop);
        return strike.then();
      case 'done, then fails':
        return settle(effect, () => reject(strike.fault), reject);
      case 'done, answered late':
        return settle(effect, (value: T) => scheduler.after(strike.byMs, op.context, () => resolve(value)), reject);
    }
  }
}

function settle<T>(effect: () => T | Promise<T>, resolve: (value: T) => void, reject: (fault: unknown) => void): void {
  try {
    const result = effect();
    if (result instanceof Promise) result.then(resolve, reject);
    else resolve(result);
  } catch (fault) {
    reject(fault);
  }
}

const noop = (): void => {};
