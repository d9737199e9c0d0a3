/** How many latencies were in which bucket. Plain numbers, so that they can be sent and added. */
export type LatencyCounts = readonly (readonly [bucket: number, count: number])[];

/** Each bucket ends 1% above the one before: so a percentile is at most 1% too long. */
const LOG_WIDTH = Math.log(1.01);
const SHORTEST_MS = 0.01;

/** Latencies of any number of requests in little memory. */
export class LatencyHistogram {
  private readonly buckets = new Map<number, number>();

  record(latencyMs: number): void {
    this.add([[Math.ceil(Math.log(Math.max(SHORTEST_MS, latencyMs)) / LOG_WIDTH), 1]]);
  }

  add(counts: LatencyCounts): void {
    for (const [bucket, count] of counts) this.buckets.set(bucket, (this.buckets.get(bucket) ?? 0) + count);
  }

  entries(): LatencyCounts {
    return [...this.buckets];
  }

  /** Milliseconds. NaN of none. @param percentile 0 to 100 */
  at(percentile: number): number {
    const sorted = this.entries().toSorted(([a], [b]) => a - b);
    const wanted = (sorted.reduce((sum, [, count]) => sum + count, 0) * percentile) / 100;
    let upTo = 0;
    for (const [bucket, count] of sorted) {
      upTo += count;
      if (upTo >= wanted) return Math.exp(bucket * LOG_WIDTH);
    }
    return NaN;
  }
}
