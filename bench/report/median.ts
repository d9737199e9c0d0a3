/** The middle one; of an even number, the mean of the two in the middle. NaN of none. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

/**
 * The median of the ratios, round by round. Not the ratio of the medians: the machine has good and bad minutes, and what was
 * measured in the same minute belongs together. Null when nothing can be compared.
 */
export function medianRatio(rounds: readonly { readonly figure: number; readonly yardstick: number | null }[]): number | null {
  const ratios = rounds.flatMap(({ figure, yardstick }) => (yardstick === null ? [] : [figure / yardstick]));
  return ratios.length === 0 ? null : median(ratios);
}
