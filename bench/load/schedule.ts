/**
 * When customers who know nothing of each other arrive: milliseconds from the start, a Poisson process of the given rate.
 * The same seed gives the same arrivals, so that two runs differ in what they meet and not in chance.
 */
export function arrivalsMs(count: number, perSecond: number, seed: number): Float64Array {
  const random = randomFrom(seed);
  const meanGapMs = 1_000 / perSecond;
  const times = new Float64Array(count);
  let atMs = 0;
  for (let index = 0; index < count; index++) {
    atMs -= Math.log(1 - random()) * meanGapMs;
    times[index] = atMs;
  }
  return times;
}

/** Numbers from 0 to 1 (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
