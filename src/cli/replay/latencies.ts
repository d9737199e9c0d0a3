export interface Latencies {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Percentiles by nearest rank: each is a time that was measured. Null without a measurement. */
export function latenciesOf(milliseconds: readonly number[]): Latencies | null {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const max = sorted.at(-1);
  if (max === undefined) return null;
  const percentile = (percent: number): number => sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? max;
  return { p50: percentile(50), p95: percentile(95), p99: percentile(99), max };
}
