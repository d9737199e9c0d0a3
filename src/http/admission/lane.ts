/** A burst of so many is let in whatever the pace: the queues behind it hold it (B3), and so does the memory. */
const PLACES_MAX = 1_024;
/** Two full batches: with fewer, the steps of a payment would wait for requests. */
const PLACES_MIN = 128;
/** One full batch. What never falls below it is a queue that stands, not a burst that passes. */
const STANDING_REQUESTS_MIN = 64;
const WAIT_MS_MAX = 1_000;
/** New work gets this share of the places; the rest is for what ends work that was begun. */
const SHARE_OF_NEW_WORK = 3 / 4;

/** `new` is turned away first; `ending` (paying, cancelling) while there is any place; `always` never, but it is counted. */
export type Rank = 'new' | 'ending' | 'always';
export type Caller = string | number;
export type Entrance = 'in' | 'full' | 'share';

/**
 * The places for requests of one kind in this process. Pure: it is told the time.
 *
 * H1: what has been let in never exceeds the bound, so that everybody inside is answered in time. Once a queue stands for a
 *     second, the bound is what was finished in that second: nobody waits much longer than that.
 * H2: what was begun is ended first: new work leaves a quarter of the places to it.
 * H3: a caller may take as many places as are free then. So however much one of them sends, it fills half, and whoever else
 *     comes finds a place; and while there is no other, half is there for the one.
 */
export class Lane {
  private readonly insideByCaller = new Map<Caller, number>();
  private insideNow = 0;
  private placesNow = PLACES_MAX;
  private second = { startMs: 0, finished: 0, insideMin: 0 };

  get inside(): number {
    return this.insideNow;
  }

  get places(): number {
    return this.placesNow;
  }

  enter(caller: Caller, rank: Rank, nowMs: number): Entrance {
    this.lookAtPace(nowMs);
    const own = this.insideByCaller.get(caller) ?? 0;
    const free = this.placesFor(rank) - this.insideNow;
    if (free <= 0) return 'full';
    if (own >= free) return 'share';
    this.insideByCaller.set(caller, own + 1);
    this.insideNow++;
    return 'in';
  }

  leave(caller: Caller, nowMs: number): void {
    this.lookAtPace(nowMs);
    const own = this.insideByCaller.get(caller) ?? 0;
    if (own > 1) this.insideByCaller.set(caller, own - 1);
    else this.insideByCaller.delete(caller);
    this.insideNow--;
    this.second.finished++;
    this.second.insideMin = Math.min(this.second.insideMin, this.insideNow);
  }

  private placesFor(rank: Rank): number {
    if (rank === 'always') return Infinity;
    return rank === 'ending' ? this.placesNow : Math.ceil(this.placesNow * SHARE_OF_NEW_WORK);
  }

  private lookAtPace(nowMs: number): void {
    const { startMs, finished, insideMin } = this.second;
    const lastedMs = nowMs - startMs;
    if (lastedMs < WAIT_MS_MAX) return;
    const stands = insideMin > STANDING_REQUESTS_MIN;
    const pace = Math.ceil((finished * WAIT_MS_MAX) / lastedMs);
    this.placesNow = stands ? Math.min(Math.max(pace, PLACES_MIN), PLACES_MAX) : PLACES_MAX;
    this.second = { startMs: nowMs, finished: 0, insideMin: this.insideNow };
  }
}
