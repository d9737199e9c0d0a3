import { Pace } from './pace.js';

/** So many are let in whatever they want: the queues behind hold them (B3), and so does the memory. */
const PLACES_MAX = 1_024;
/** The rest is kept for what ends work that was begun. */
const PLACES_OF_NEW_WORK_MAX = 768;

/** `new` is turned away first; `ending` (paying, cancelling) while there is any place; `always` never, but it is counted. */
export type Rank = 'new' | 'ending' | 'always';
export type Caller = string | number;
/** Let in; or turned away because there is no place, because the route is slow, or because the caller has too many. */
export type Entrance = 'in' | 'full' | 'slow' | 'share';

interface Entering {
  readonly caller: Caller;
  readonly route: string;
  readonly rank: Rank;
}

/**
 * The places for requests of one kind in this process. Pure: it is told the time.
 *
 * H1: what has been let in never exceeds the places. Once a route's queue has stood for a second, its new work is let in only
 *     up to what was finished there in that second: nobody waits much longer than that, and one slow route does not take
 *     the places of the others.
 * H2: what was begun is ended first: new work leaves a quarter of the places to it.
 * H3: a caller may take as many places as are free then. So however much one of them sends, it fills half, and whoever else
 *     comes finds a place; and while there is no other, half is there for the one.
 */
export class Lane {
  private readonly insideByCaller = new Map<Caller, number>();
  private readonly paces = new Map<string, Pace>();
  private insideNow = 0;

  get inside(): number {
    return this.insideNow;
  }

  enter({ caller, route, rank }: Entering, nowMs: number): Entrance {
    const own = this.insideByCaller.get(caller) ?? 0;
    const pace = this.paceOf(route);
    if (rank !== 'always') {
      const free = (rank === 'ending' ? PLACES_MAX : PLACES_OF_NEW_WORK_MAX) - this.insideNow;
      const freeHere = rank === 'ending' ? free : Math.min(free, pace.free(nowMs));
      if (free <= 0) return 'full';
      if (freeHere <= 0) return 'slow';
      if (own >= freeHere) return 'share';
    }
    this.insideByCaller.set(caller, own + 1);
    this.insideNow++;
    pace.began();
    return 'in';
  }

  leave({ caller, route }: Pick<Entering, 'caller' | 'route'>, nowMs: number): void {
    const own = this.insideByCaller.get(caller) ?? 0;
    if (own > 1) this.insideByCaller.set(caller, own - 1);
    else this.insideByCaller.delete(caller);
    this.insideNow--;
    this.paceOf(route).finished(nowMs);
  }

  /** There are as many as the shop has routes. */
  private paceOf(route: string): Pace {
    let pace = this.paces.get(route);
    if (!pace) this.paces.set(route, (pace = new Pace()));
    return pace;
  }
}
