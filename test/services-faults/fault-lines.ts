import type { FaultReport } from './faulted-services.js';

const COLUMNS: readonly (readonly [string, number, (report: FaultReport) => string])[] = [
  ['fault', -46, ({ name }) => name],
  ['orders', 7, ({ operations }) => String(operations)],
  ['paid/s', 8, ({ before }) => before.paymentsPerSecond.toFixed(1)],
  ['p50 ms', 8, ({ before }) => rounded(before.p50Ms)],
  ['p99 ms', 8, ({ before }) => rounded(before.p99Ms)],
  ['recovered s', 13, ({ recoveredAfterMs }) => (recoveredAfterMs === null ? 'never' : seconds(recoveredAfterMs))],
  ['drained s', 11, ({ drainedAfterMs }) => seconds(drainedAfterMs)],
  ['paid again', 12, ({ paidAgain }) => String(paidAgain)],
  ['violations', 12, ({ violations }) => String(violations.length)],
];

export const heading = (): string => row(COLUMNS.map(([title]) => title));

/** One line, and one more for each violation. */
export const lineOf = (report: FaultReport): string =>
  [row(COLUMNS.map(([, , cell]) => cell(report))), ...report.violations.map((sentence) => `  ${sentence}`)].join('\n');

const row = (cells: readonly string[]): string => cells.map((cell, index) => pad(cell, COLUMNS[index]?.[1] ?? 0)).join('');

const pad = (cell: string, width: number): string => (width < 0 ? cell.padEnd(-width) : cell.padStart(width));

/** Nobody may have paid. */
const rounded = (ms: number): string => (Number.isNaN(ms) ? '-' : ms.toFixed(0));

const seconds = (ms: number): string => (ms / 1_000).toFixed(1);
