import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Caller, type Entrance, Lane, type Rank } from './lane.js';

const SECOND_MS = 1_000;
const PLACES = 1_024;
const PLACES_OF_NEW_WORK = 768;
const ROUTE = '/api/orders';

const enter = (lane: Lane, caller: Caller, rank: Rank = 'new', nowMs = 0, route = ROUTE): Entrance =>
  lane.enter({ caller, route, rank }, nowMs);
const leave = (lane: Lane, caller: Caller, nowMs = 0): void => lane.leave({ caller, route: ROUTE }, nowMs);

/** So many callers, one request each, from `first` on. @returns how many were let in. */
function crowd(lane: Lane, count: number, { rank = 'new', first = 1, nowMs = 0, route = ROUTE }: Partial<Crowd> = {}): number {
  return Array.from({ length: count }, (_, index) => enter(lane, first + index, rank, nowMs, route)).filter((each) => each === 'in').length;
}
interface Crowd {
  readonly rank: Rank;
  readonly first: number;
  readonly nowMs: number;
  readonly route: string;
}

/** How many one caller gets who sends without end. */
function alone(lane: Lane, caller: Caller, rank: Rank = 'new'): number {
  let entered = 0;
  while (enter(lane, caller, rank) === 'in') entered++;
  return entered;
}

describe('places', () => {
  test('H1, H2: new work fills three quarters, what ends work that was begun fills them all', () => {
    const lane = new Lane();
    expect(crowd(lane, 2_000)).toBe(PLACES_OF_NEW_WORK);
    expect(crowd(lane, 2_000, { rank: 'ending', first: 10_000 })).toBe(PLACES - PLACES_OF_NEW_WORK);
    expect(lane.inside).toBe(PLACES);
  });

  test('are free again when their requests are over', () => {
    const lane = new Lane();
    crowd(lane, PLACES_OF_NEW_WORK);
    expect(enter(lane, 5_000)).toBe('full');
    leave(lane, 1);
    expect(enter(lane, 5_000)).toBe('in');
  });

  test('are always there for those that are always let in', () => {
    const lane = new Lane();
    crowd(lane, 2_000, { rank: 'ending' });
    expect(crowd(lane, 50, { rank: 'always' })).toBe(50);
  });
});

describe('a route whose queue stands', () => {
  /** `perSecond` are finished there while more come than are let in. */
  function overloaded(perSecond: number, seconds: number): { lane: Lane; inside: number[]; nowMs: number } {
    const lane = new Lane();
    const inside: number[] = [];
    let nowMs = 0;
    let caller = 0;
    const fill = (): void => {
      for (; enter(lane, ++caller, 'new', nowMs) === 'in'; inside.push(caller));
    };
    fill();
    for (let finished = 0; finished < perSecond * seconds && inside.length > 0; finished++) {
      nowMs += SECOND_MS / perSecond;
      leave(lane, inside.shift() as number, nowMs);
      fill();
    }
    return { lane, inside, nowMs };
  }

  test('H1: lets in as many as it finishes in a second', () => {
    const { lane } = overloaded(300, 5);
    expect(Math.abs(lane.inside - 300)).toBeLessThanOrEqual(1);
  });

  test('keeps two batches busy, however slow it is', () => {
    expect(overloaded(20, 60).lane.inside).toBe(128);
  });

  test('uses all places at a good pace', () => {
    expect(overloaded(3_000, 5).lane.inside).toBe(PLACES_OF_NEW_WORK);
  });

  test('H1, H2: leaves the other places to other routes, and to what ends work that was begun', () => {
    const { lane, nowMs } = overloaded(20, 60);
    expect(enter(lane, 'whoever', 'new', nowMs)).toBe('slow');
    expect(crowd(lane, 2_000, { first: 100_000, nowMs, route: '/api/carts' })).toBe(PLACES_OF_NEW_WORK - 128);
    expect(crowd(lane, 2_000, { rank: 'ending', first: 200_000, nowMs })).toBe(PLACES - PLACES_OF_NEW_WORK);
  });

  test('lets bursts in again when it has been down to a batch', () => {
    const { lane, inside, nowMs } = overloaded(300, 5);
    for (const caller of inside.splice(0)) leave(lane, caller, nowMs);
    expect(crowd(lane, 2_000, { nowMs: nowMs + SECOND_MS })).toBe(PLACES_OF_NEW_WORK);
  });
});

describe('callers', () => {
  test('H3: one alone gets half of the places', () => {
    expect(alone(new Lane(), 'greedy')).toBe(PLACES_OF_NEW_WORK / 2);
    expect(alone(new Lane(), 'greedy', 'ending')).toBe(PLACES / 2);
  });

  test('H3: however much one of them sends, whoever else comes finds a place', () => {
    const lane = new Lane();
    alone(lane, 'greedy');
    expect(crowd(lane, 300)).toBe(300);
    expect(enter(lane, 'greedy')).toBe('share');
  });

  test('H3: several of that kind leave room, too', () => {
    const lane = new Lane();
    for (const greedy of ['a', 'b', 'c', 'd', 'e']) expect(alone(lane, greedy)).toBeGreaterThan(20);
    expect(enter(lane, 'somebody')).toBe('in');
  });
});

test('H1, H2, H3: whatever comes and goes, places and shares are kept, and an empty lane remembers nobody', () => {
  const coming = fc.record({ caller: fc.nat(5), rank: fc.constantFrom<Rank>('new', 'ending'), count: fc.nat(400), afterMs: fc.nat(700) });
  const going = fc.record({ leaving: fc.nat(600), afterMs: fc.nat(700) });
  fc.assert(
    fc.property(fc.array(fc.oneof(coming, going), { maxLength: 60 }), (moves) => {
      const lane = new Lane();
      const inside: number[] = [];
      let nowMs = 0;
      for (const move of moves) {
        nowMs += move.afterMs;
        if ('leaving' in move) {
          for (const caller of inside.splice(0, move.leaving)) leave(lane, caller, nowMs);
          continue;
        }
        const free = (): number => (move.rank === 'ending' ? PLACES : PLACES_OF_NEW_WORK) - inside.length;
        let own = inside.filter((caller) => caller === move.caller).length;
        for (let request = 0; request < move.count && enter(lane, move.caller, move.rank, nowMs) === 'in'; request++) {
          expect(own++).toBeLessThan(free());
          inside.push(move.caller);
        }
        expect(lane.inside).toBe(inside.length);
      }
      for (const caller of inside.splice(0)) leave(lane, caller, nowMs);
      expect(lane.inside).toBe(0);
      expect(crowd(lane, 2_000, { nowMs: nowMs + SECOND_MS })).toBe(PLACES_OF_NEW_WORK);
    }),
  );
});
