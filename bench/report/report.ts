import type { BenchOptions } from '../options.js';
import type { PlayedScenario } from '../play-scenario.js';
import { type Row, rowsOf } from './rows.js';
import type { Surroundings } from './surroundings.js';

/** What is written as JSON, and shown as text and HTML. */
export interface Report {
  readonly at: string;
  readonly minutes: number;
  readonly quick: boolean;
  readonly rounds: number;
  readonly secondsMax: number;
  readonly surroundings: Surroundings;
  readonly rows: readonly Row[];
  readonly audits: readonly (PlayedScenario['audit'] & { readonly scenario: string })[];
  readonly problems: readonly string[];
}

interface Run {
  readonly startedAt: Date;
  readonly options: BenchOptions;
  readonly surroundings: Surroundings;
  readonly played: readonly PlayedScenario[];
}

export const reportOf = ({ startedAt, options, surroundings, played }: Run): Report => ({
  at: startedAt.toISOString(),
  minutes: (Date.now() - startedAt.getTime()) / 60_000,
  quick: options.quick,
  rounds: options.rounds,
  secondsMax: options.secondsMax,
  surroundings,
  // Nothing is judged by figures that mean nothing.
  rows: played.flatMap(rowsOf).map((row) => (options.quick ? { ...row, verdicts: [] } : row)),
  audits: played.map(({ scenario, audit }) => ({ scenario: scenario.title, ...audit })),
  problems: played.flatMap(({ problems }) => problems),
});
