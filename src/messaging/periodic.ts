export interface PeriodicOptions {
  readonly everyMs: number;
  /** Before the next round when more is waiting. 0 by default: at once. */
  readonly pauseMs?: number;
  /** Does a bounded piece of work. @returns true when more is waiting. */
  readonly run: () => Promise<boolean | void>;
  readonly onFault: (fault: unknown) => void;
}

/** Runs a piece of background work again and again, never twice at a time; a fault is reported and the next round tries again. */
export class Periodic {
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly options: PeriodicOptions) {}

  /** @param firstMs until the first round. */
  start(firstMs = this.options.everyMs): void {
    this.schedule(firstMs);
  }

  /** Lets the round in hand finish. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private schedule(delayMs: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.running = this.round();
    }, delayMs);
    this.timer.unref();
  }

  private async round(): Promise<void> {
    let more: boolean | void = false;
    try {
      more = await this.options.run();
    } catch (fault) {
      this.options.onFault(fault);
    }
    this.schedule(more ? (this.options.pauseMs ?? 0) : this.options.everyMs);
  }
}
