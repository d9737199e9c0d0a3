import type { Recovery } from './recovery.js';

/** `median 612 ms, max 1930 ms`, or that there was nothing to measure. */
export function spread(milliseconds: readonly number[]): string {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  if (sorted.length === 0) return 'nothing to measure';
  return `median ${at(sorted, 0.5)} ms, max ${sorted.at(-1)} ms`;
}

export const figuresOf = (recoveries: readonly Recovery[]): string => {
  const payments = recoveries.reduce((total, recovery) => total + recovery.payments, 0);
  const from = (key: 'msFromStart' | 'msFromReady'): string =>
    spread(recoveries.flatMap((recovery) => (recovery[key] === null ? [] : [recovery[key]])));
  return `${payments} payments recovered; decided ${from('msFromStart')} after the start, ${from('msFromReady')} after ready`;
};

export const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
