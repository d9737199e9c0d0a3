const WAIT_MS_MAX = 20;

/**
 * Lets requests of several steps begin in waves: those that wait begin together once they are as many as are under way. So the
 * micro-batchers of all their steps get few large batches instead of many small ones, which cost nearly as much each.
 *
 * With nothing under way nobody waits, and nobody ever waits longer than {@link WAIT_MS_MAX}, whatever became of the wave before.
 */
export class Waves {
  private underWay = 0;
  private waiting: (() => void)[] = [];
  private timer: NodeJS.Timeout | undefined;

  async run<T>(work: () => Promise<T>): Promise<T> {
    await new Promise<void>((resolve) => this.wait(resolve));
    try {
      return await work();
    } finally {
      this.underWay--;
      if (this.waiting.length >= this.underWay) this.begin();
    }
  }

  private wait(start: () => void): void {
    this.waiting.push(start);
    if (this.waiting.length >= this.underWay) this.begin();
    else this.timer ??= setTimeout(() => this.begin(), WAIT_MS_MAX);
  }

  private begin(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const wave = this.waiting;
    this.waiting = [];
    this.underWay += wave.length;
    for (const start of wave) start();
  }
}
