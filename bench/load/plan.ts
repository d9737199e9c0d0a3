import type { LatencyCounts } from './latency-counts.js';

export interface PlannedRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Whose, as an index into the tokens of the plan. Left out: nobody's. */
  readonly customer?: number;
  readonly body?: string;
}

/** So many clients, each asking again as soon as it has its answer. Ends with the list, or when the time is over. */
export interface ClosedLoop {
  readonly kind: 'closed';
  readonly clients: number;
  readonly secondsMax: number;
}

/** Customers who do not wait for each other: the whole list arrives at this rate, however slow the answers are. */
export interface OpenLoop {
  readonly kind: 'open';
  readonly perSecond: number;
  readonly connectionsMax: number;
  readonly seed: number;
}

/** What the load generator does in one run; {@link Measured} is its answer. */
export interface Plan {
  readonly address: string;
  readonly tokens: readonly string[];
  readonly requests: readonly PlannedRequest[];
  readonly arrivals: ClosedLoop | OpenLoop;
  /** Outcomes as {@link Measured.outcomes} names them. */
  readonly expected: readonly string[];
  /** How often a request is made that gets another answer: after its `Retry-After`, or a short pause. 1: never again. */
  readonly attemptsMax: number;
  /** Whoever makes something needs to know its id. */
  readonly keepBodies?: boolean;
}

export interface Latencies {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface Measured {
  /** How many requests of the list were begun; all of them have ended. */
  readonly begun: number;
  readonly seconds: number;
  /** Expected answers a second. In an open loop, those that came while customers arrived. */
  readonly perSecond: number;
  /** Answers by status and problem code, `422 INSUFFICIENT_BALANCE`, repetitions included. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Requests that never got an expected answer. */
  readonly failed: number;
  readonly askedToComeBack: number;
  /** Of the requests with an expected answer, from the moment they were due. */
  readonly latencyMs: Latencies;
  /** Percentile and milliseconds. */
  readonly curve: readonly (readonly [number, number])[];
  /** Of the same latencies, to be added to those of other runs. */
  readonly latencyCounts: LatencyCounts;
  readonly clientCpuMs: number;
  /** Of the expected answers, in the order of their requests; empty, unless they are kept. */
  readonly bodies: readonly string[];
}

/** As sent to the generator's process, and as it answers: several runs may be under way. */
export interface NumberedPlan {
  readonly run: number;
  readonly plan: Plan;
}

export interface NumberedMeasured {
  readonly run: number;
  readonly measured: Measured;
}
