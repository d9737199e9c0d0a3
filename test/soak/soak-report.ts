import { at } from '../kill-matrix/figures.js';
import type { Recovery } from '../kill-matrix/recovery.js';
import { VICTIMS, type Victim } from './soaked-shop.js';

/** One kill and what came of it. */
export interface Round {
  readonly victim: Victim;
  readonly errands: number;
  /** Null: the books did not come to rest, or were not clean. */
  readonly recovery: Recovery | null;
  readonly violations: readonly string[];
}

/** What is printed while it runs: a line per kill. */
export function lineOf(number: number, { victim, errands, recovery, violations }: Round): string {
  const ms = recovery?.msFromReady ?? null;
  const decided = ms === null ? 'none was in flight' : `${recovery?.payments} in flight decided in ${ms} ms`;
  const verdict = violations.length === 0 ? 'clean' : `VIOLATED\n  ${violations.join('\n  ')}`;
  return `${String(number).padStart(5)}  ${victim.padEnd(8)}  ${String(errands).padStart(5)} orders  ${decided.padEnd(36)}  ${verdict}`;
}

export function tableOf(rounds: readonly Round[], minutes: number): string {
  const killed = (victim: Victim): number => rounds.filter((round) => round.victim === victim).length;
  const total = (count: (round: Round) => number): number => rounds.reduce((sum, round) => sum + count(round), 0);
  const restarts = rounds.filter(({ victim }) => victim !== 'database');
  const lines = {
    minutes: minutes.toFixed(1),
    kills: `${rounds.length} (${VICTIMS.map((victim) => `${victim} ${killed(victim)}`).join(', ')})`,
    'restarts of the shop': restarts.length,
    orders: total(({ errands }) => errands),
    'payments in flight at a kill': total(({ recovery }) => recovery?.payments ?? 0),
    'decided after the restart': percentiles(restarts.map(({ recovery }) => recovery?.msFromStart ?? null)),
    'decided after ready': percentiles(rounds.map(({ recovery }) => recovery?.msFromReady ?? null)),
    violations: total(({ violations }) => violations.length),
  };
  return Object.entries(lines)
    .map(([name, value]) => `${name.padEnd(30)}${value}`)
    .join('\n');
}

function percentiles(measured: readonly (number | null)[]): string {
  const sorted = measured.filter((ms) => ms !== null).toSorted((a, b) => a - b);
  if (sorted.length === 0) return 'nothing to measure';
  return `median ${at(sorted, 0.5)} ms, p99 ${at(sorted, 0.99)} ms, max ${sorted.at(-1)} ms`;
}
