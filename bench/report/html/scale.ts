const LABEL_HEIGHT = 15;

/** Round numbers from 0 to at least `max`, not more than `countMax` steps. */
export function ticksUpTo(max: number, countMax: number): number[] {
  if (!(max > 0)) return [0, 1];
  const rough = max / countMax;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = magnitude * ([1, 2, 5, 10].find((factor) => factor * magnitude >= rough) ?? 10);
  return Array.from({ length: Math.ceil(max / step) + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** 1, 10, 100 … around everything from `min` to `max`. */
export function decades(min: number, max: number): number[] {
  const first = Math.floor(Math.log10(min));
  const last = Math.max(first + 1, Math.ceil(Math.log10(max)));
  return Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
}

/** Labels moved down just so far that none covers another, in the order of their heights. */
export function apart(heights: readonly number[]): number[] {
  const placed = [...heights];
  let last = -Infinity;
  for (const index of heights.map((_, each) => each).toSorted((a, b) => (heights[a] as number) - (heights[b] as number))) {
    last = Math.max(placed[index] as number, last + LABEL_HEIGHT);
    placed[index] = last;
  }
  return placed;
}
