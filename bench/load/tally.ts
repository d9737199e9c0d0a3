import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { LatencyHistogram } from './latency-counts.js';
import type { Latencies, Measured } from './plan.js';

const NANOSECONDS_PER_MS = 1e6;
const LATENCY_MS_MAX = 600_000;
const CURVE = [
  1, 5, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92, 94, 95, 96, 97, 98, 98.5, 99, 99.3, 99.5, 99.7, 99.8, 99.9, 99.95, 99.99, 100,
];

/** What came of the requests of one run. */
export class Tally {
  private readonly latencies: RecordableHistogram = createHistogram({
    lowest: 1,
    highest: LATENCY_MS_MAX * NANOSECONDS_PER_MS,
    figures: 3,
  });
  /** The other histogram knows percentiles exactly enough, but cannot be sent to another process. */
  private readonly counts = new LatencyHistogram();
  private readonly outcomes = new Map<string, number>();
  private askedToComeBack = 0;
  private failed = 0;
  private inTime = 0;

  answered(outcome: string, retryAfterSeconds: number | null): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
    if (retryAfterSeconds !== null) this.askedToComeBack++;
  }

  served(latencyMs: number, inTime: boolean): void {
    this.latencies.record(Math.max(1, Math.round(latencyMs * NANOSECONDS_PER_MS)));
    this.counts.record(latencyMs);
    if (inTime) this.inTime++;
  }

  notServed(): void {
    this.failed++;
  }

  report(run: Pick<Measured, 'begun' | 'seconds' | 'clientCpuMs' | 'bodies'>): Measured {
    return {
      ...run,
      perSecond: this.inTime / run.seconds,
      outcomes: Object.fromEntries(this.outcomes),
      failed: this.failed,
      askedToComeBack: this.askedToComeBack,
      latencyMs: this.latencyMs(),
      curve: this.latencies.count === 0 ? [] : CURVE.map((percentile) => [percentile, this.at(percentile)] as const),
      latencyCounts: this.counts.entries(),
    };
  }

  private latencyMs(): Latencies {
    if (this.latencies.count === 0) return { p50: NaN, p95: NaN, p99: NaN, max: NaN };
    return { p50: this.at(50), p95: this.at(95), p99: this.at(99), max: this.latencies.max / NANOSECONDS_PER_MS };
  }

  private at(percentile: number): number {
    return this.latencies.percentile(percentile) / NANOSECONDS_PER_MS;
  }
}
