import { describe } from '../faults.js';
import type { History } from '../history.js';
import type { Outcome } from '../simulate.js';
import type { Tally } from './search.js';

const number = new Intl.NumberFormat('en');

export const progressIn = ({ histories, awaits, faults }: Tally): string =>
  `${number.format(histories)} histories, ${number.format(awaits)} awaits, ${number.format(total(faults))} faults`;

const total = (faults: ReadonlyMap<string, number>): number => [...faults.values()].reduce((sum, times) => sum + times, 0);

/** Faults by kind, the most frequent first. */
export const faultsIn = ({ faults }: Pick<Tally, 'faults'>): string[] =>
  [...faults].toSorted((a, b) => b[1] - a[1]).map(([kind, times]) => `${number.format(times).padStart(12)}  ${kind}`);

/** Who takes part, what they do, and what goes wrong. */
export function historyInWords({ processes, balances, options, coupons, periods, operations, faults, ending }: History): string[] {
  return [
    `${processes} process(es); balances ${balances.join(', ')}; options ${options.map(({ stock, price }) => `${stock} at ${price}`).join(', ')}`,
    ...coupons.map(({ rate, holders }, index) => `coupon ${index + 1}: ${rate}% for user(s) ${holders.join(', ')}`),
    `lease ${periods.leaseMs} ms, deadline ${periods.deadlineMs} ms, hold ${periods.holdMs} ms; at the end: ${ending}`,
    ...operations.map(
      ({ atMs, process, kind, ...details }) => `at ${atMs.toFixed(1)} ms, process ${process}: ${kind} ${JSON.stringify(details)}`,
    ),
    ...faults.map((fault) => `fault: ${describe(fault)}`),
  ];
}

export function outcomeInWords({ violations, awaits, virtualMs, answers, faults }: Outcome): string[] {
  return [
    `${awaits} awaits in ${Math.round(virtualMs)} virtual ms`,
    ...[...answers].map(([answer, times]) => `answered ${times} time(s): ${answer}`),
    ...[...faults].map(([kind, times]) => `struck ${times} time(s): ${kind}`),
    ...(violations.length === 0 ? ['all promises held'] : violations.map((sentence) => `BROKEN  ${sentence}`)),
  ];
}
