/** Whose step it is: a process of the shop, or the outside world. The steps of a dead one never run. */
export interface Context {
  readonly name: string;
  dead: boolean;
  /** Virtual time; a process that hangs does nothing before it, and then goes on as if nothing had happened. */
  hangsUntilMs: number;
  /** How far the clock of this machine is off. */
  clockOffsetMs: number;
}

export const contextNamed = (name: string): Context => ({ name, dead: false, hangsUntilMs: 0, clockOffsetMs: 0 });

/** The world outside of all processes: clients, and whoever operates the machines. */
export const OUTSIDE: Context = contextNamed('outside');

/** A step to come; cancelled by taking its work away. Its shape is also what `setTimeout` returns. */
export class Step {
  constructor(
    readonly atMs: number,
    readonly order: number,
    readonly context: Context,
    public work: (() => void) | undefined,
  ) {}

  unref(): this {
    return this;
  }

  ref(): this {
    return this;
  }
}

/**
 * Virtual time in one thread. Everything that takes time is a step; between two steps all microtasks run out.
 *
 * T1: promises of one process are only ever settled by a step of that process. So the context of the running step is the
 *     context of all code that runs in it, and a timer set by it belongs to its process.
 * T2: nothing here asks the real clock or a real random number: the same steps always come in the same order.
 */
export class Scheduler {
  private readonly heap: Step[] = [];
  private order = 0;
  nowMs = 0;
  steps = 0;
  context: Context = OUTSIDE;

  after(delayMs: number, context: Context, work: () => void): Step {
    return this.at(this.nowMs + delayMs, context, work);
  }

  at(atMs: number, context: Context, work: () => void): Step {
    const step = new Step(atMs, this.order++, context, work);
    this.push(step);
    return step;
  }

  /** Runs steps in order until `done` says so, nothing is left, or the virtual time is up. @returns whether it was `done`. */
  async run(done: () => boolean, limits: { readonly untilMs: number; readonly stepsMax: number }): Promise<boolean> {
    await drained();
    const lastStep = this.steps + limits.stepsMax;
    while (!done()) {
      const step = this.pop();
      if (!step || this.steps >= lastStep) return false;
      if (step.atMs > limits.untilMs) {
        this.push(step);
        this.nowMs = limits.untilMs;
        return false;
      }
      if (!this.take(step)) continue;
      await drained();
    }
    return true;
  }

  /** @returns whether anything ran. */
  private take(step: Step): boolean {
    const { work, context } = step;
    if (!work || context.dead) return false;
    if (context.hangsUntilMs > step.atMs) {
      this.at(context.hangsUntilMs, context, work);
      return false;
    }
    this.nowMs = Math.max(this.nowMs, step.atMs);
    this.context = context;
    this.steps++;
    step.work = undefined;
    work();
    return true;
  }

  private push(step: Step): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(step);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Step;
      if (!before(step, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = step;
  }

  private pop(): Step | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (!last || !first || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Step, heap[child] as Step)) child++;
      if (!before(heap[child] as Step, last)) break;
      heap[at] = heap[child] as Step;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

const before = (a: Step, b: Step): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/** Node runs a tick only when the microtask queue is empty, and without a turn of the event loop. */
const drained = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
