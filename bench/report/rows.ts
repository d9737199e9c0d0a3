import type { Measurement } from '../measurement.js';
import { nameOf, type PlayedLoad, type PlayedScenario } from '../play-scenario.js';
import { isOpen, type Scenario } from '../scenarios/scenario.js';
import { judge, type Verdict } from './judge.js';
import { median, medianRatio } from './median.js';

/** One line of the report: medians over the rounds. */
export interface Row {
  readonly scenario: string;
  readonly title: string;
  readonly load: string;
  readonly rounds: readonly {
    readonly perSecond: number;
    readonly p99Ms: number;
    readonly yardstick: number | null;
    readonly reference: number | null;
  }[];
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** The longest of all rounds. */
  readonly maxMs: number;
  /** Requests without an expected answer, of all rounds. */
  readonly errors: number;
  readonly yardstick: { readonly name: string; readonly perSecond: number; readonly ratio: number } | null;
  readonly reference: { readonly name: string; readonly perSecond: number; readonly ratio: number } | null;
  readonly offeredPerSecond: number | null;
  /** Of the closed loop's rate, when more than that arrives. */
  readonly goodput: number | null;
  /** Answers by status and problem code, of all rounds, repetitions included. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Answers that told when to come back. */
  readonly askedToComeBack: number;
  readonly verdicts: readonly Verdict[];
  readonly cpuMsEach: { readonly shop: number; readonly postgres: number | null; readonly client: number };
  readonly deliveredAfterMs: number;
  readonly eventLoopDelayMsP99: number;
  readonly memoryMb: number;
  /** For each request of a run apart. Page images, which depend on when the last checkpoint was, are not in the bytes of the log. */
  readonly work: {
    readonly statements: number;
    readonly transactions: number;
    readonly walBytes: number;
    readonly pageImageBytes: number;
  } | null;
  /** The round whose p99 is the median. */
  readonly curve: readonly (readonly [number, number])[];
}

export const rowsOf = ({ scenario, loads }: PlayedScenario): Row[] => loads.map((load) => rowOf(scenario, load));

function rowOf(scenario: Scenario, { load, rounds, counted }: PlayedLoad): Row {
  const over = (figure: (measurement: Measurement) => number): number => median(rounds.map(({ measurement }) => figure(measurement)));
  const sum = (figure: (measurement: Measurement) => number): number =>
    rounds.reduce((total, { measurement }) => total + figure(measurement), 0);
  const perSecond = over((each) => each.perSecond);
  const yardstick = comparison(
    scenario.yardstick,
    rounds.map(({ measurement, yardstick: rate }) => ({ figure: measurement.perSecond, yardstick: rate })),
  );
  const reference = comparison(
    scenario.reference,
    rounds.map(({ measurement, reference: rate }) => ({ figure: measurement.perSecond, yardstick: rate })),
  );
  const p50Ms = over(({ latencyMs }) => latencyMs.p50);
  const p99Ms = over(({ latencyMs }) => latencyMs.p99);
  const isOverload = isOpen(load) && load.timesPeak > 1;
  const goodput = isOverload
    ? medianRatio(rounds.map(({ measurement, offered }) => ({ figure: measurement.perSecond, yardstick: offered?.peak ?? null })))
    : null;
  return {
    scenario: scenario.name,
    title: scenario.title,
    load: nameOf(load),
    rounds: rounds.map((each) => ({
      perSecond: each.measurement.perSecond,
      p99Ms: each.measurement.latencyMs.p99,
      yardstick: each.yardstick,
      reference: each.reference,
    })),
    perSecond,
    p50Ms,
    p95Ms: over(({ latencyMs }) => latencyMs.p95),
    p99Ms,
    maxMs: Math.max(...rounds.map(({ measurement }) => measurement.latencyMs.max)),
    errors: sum(({ failed }) => failed),
    yardstick,
    reference,
    offeredPerSecond: isOpen(load) ? median(rounds.map(({ offered }) => offered?.perSecond ?? NaN)) : null,
    goodput,
    outcomes: added(rounds.map(({ measurement }) => measurement.outcomes)),
    askedToComeBack: sum(({ askedToComeBack }) => askedToComeBack),
    verdicts: judge(load.target, { perSecond, ratio: yardstick?.ratio ?? null, goodput, p50Ms, p99Ms }),
    cpuMsEach: {
      shop: over(({ cpuMsEach }) => cpuMsEach.shop),
      postgres: rounds.some(({ measurement }) => measurement.cpuMsEach.postgres === null)
        ? null
        : over(({ cpuMsEach }) => cpuMsEach.postgres ?? 0),
      client: over(({ cpuMsEach }) => cpuMsEach.client),
    },
    deliveredAfterMs: over(({ deliveredAfterMs }) => deliveredAfterMs),
    eventLoopDelayMsP99: over(({ eventLoopDelayMsP99 }) => eventLoopDelayMsP99),
    memoryMb: over(({ memoryMb }) => memoryMb),
    work: counted === null ? null : workEach(counted),
    curve:
      rounds.toSorted((a, b) => a.measurement.latencyMs.p99 - b.measurement.latencyMs.p99)[rounds.length >> 1]?.measurement.curve ?? [],
  };
}

function added(outcomes: readonly Measurement['outcomes'][]): Row['outcomes'] {
  const total: Record<string, number> = {};
  for (const [outcome, count] of outcomes.flatMap(Object.entries<number>)) total[outcome] = (total[outcome] ?? 0) + count;
  return total;
}

function comparison(name: string | undefined, rounds: readonly { figure: number; yardstick: number | null }[]): Row['yardstick'] {
  const ratio = medianRatio(rounds);
  if (name === undefined || ratio === null) return null;
  return { name, ratio, perSecond: median(rounds.flatMap(({ yardstick }) => yardstick ?? [])) };
}

function workEach({ work, begun }: Measurement): Row['work'] {
  if (work === null) return null;
  return {
    statements: work.statements / begun,
    transactions: work.commits / begun,
    walBytes: (work.walBytes - work.pageImageBytes) / begun,
    pageImageBytes: work.pageImageBytes / begun,
  };
}
