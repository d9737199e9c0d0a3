import { availableParallelism } from 'node:os';

const PLACES_MIN = 2;
const HELD_MS_MAX = 25;

/**
 * How many batches of several batchers are under way at a time: about as many as there are processors. More would not be through
 * sooner, only smaller, and a small batch costs nearly as much as a large one. First come, first served.
 *
 * A batch that takes long (it may wait for a row that somebody has locked) gives its place back before its end, so that it
 * holds up nobody.
 */
export class BatchPlaces {
  private free = Math.max(PLACES_MIN, availableParallelism());
  private readonly waiting: ((leave: () => void) => void)[] = [];

  /** Calls `start` when there is a place, at once if there is one now, with what gives the place back. */
  take(start: (leave: () => void) => void): void {
    if (this.free === 0) {
      this.waiting.push(start);
      return;
    }
    this.free--;
    let held = true;
    const leave = (): void => {
      if (!held) return;
      held = false;
      clearTimeout(timer);
      this.free++;
      const next = this.waiting.shift();
      if (next) this.take(next);
    };
    const timer = setTimeout(leave, HELD_MS_MAX);
    start(leave);
  }
}
