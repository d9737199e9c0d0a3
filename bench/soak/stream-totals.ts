import { LatencyHistogram } from '../load/latency-counts.js';
import type { Measured } from '../load/plan.js';

/** One kind of request over the whole run. */
export interface StreamFigures {
  readonly requests: number;
  /** Without the expected answer. */
  readonly failed: number;
  /** Milliseconds, from the moment a request was due. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Answers by status and problem code. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** Adds up intervals, in memory that does not grow with their number. */
export class StreamTotals {
  private readonly latencies = new LatencyHistogram();
  private readonly outcomes = new Map<string, number>();
  private requests = 0;
  private failed = 0;
  private maxMs = NaN;

  add({ begun, failed, latencyMs, latencyCounts, outcomes }: Measured): void {
    this.requests += begun;
    this.failed += failed;
    // An interval without an answer has none: JSON knows no NaN.
    if (latencyCounts.length > 0) this.maxMs = Math.max(latencyMs.max, Number.isNaN(this.maxMs) ? 0 : this.maxMs);
    this.latencies.add(latencyCounts);
    for (const [outcome, count] of Object.entries(outcomes)) this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + count);
  }

  figures(): StreamFigures {
    return {
      requests: this.requests,
      failed: this.failed,
      p50Ms: this.latencies.at(50),
      p99Ms: this.latencies.at(99),
      maxMs: this.maxMs,
      outcomes: Object.fromEntries(this.outcomes),
    };
  }
}
