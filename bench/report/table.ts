import { ratio, short, whole } from './numbers.js';
import type { Report } from './report.js';
import type { Row } from './rows.js';

type Column = readonly [heading: string, cell: (row: Row) => string];

const FIGURES: readonly Column[] = [
  ['', ({ title, load }) => `${title}, ${load}`],
  ['per second', ({ perSecond }) => whole(perSecond)],
  ['p50 ms', ({ p50Ms }) => short(p50Ms)],
  ['p95', ({ p95Ms }) => short(p95Ms)],
  ['p99', ({ p99Ms }) => short(p99Ms)],
  ['max', ({ maxMs }) => short(maxMs)],
  ['errors', ({ errors }) => whole(errors)],
  ['pgbench', ({ yardstick }) => (yardstick === null ? '' : whole(yardstick.perSecond))],
  ['ratio', ({ yardstick, goodput }) => comparedWith(yardstick, goodput)],
  ['target', ({ verdicts }) => verdicts.map(({ text }) => text).join(', ')],
  ['reached', ({ verdicts }) => verdicts.map(({ reached }) => reachedText(reached)).join(', ')],
];

const COSTS: readonly Column[] = [
  ['for each request', ({ title, load }) => `${title}, ${load}`],
  ['CPU ms shop', ({ cpuMsEach }) => short(cpuMsEach.shop)],
  ['PostgreSQL', ({ cpuMsEach }) => short(cpuMsEach.postgres)],
  ['client', ({ cpuMsEach }) => short(cpuMsEach.client)],
  ['loop delay p99 ms', ({ eventLoopDelayMsP99 }) => short(eventLoopDelayMsP99)],
  ['delivered after ms', ({ deliveredAfterMs }) => whole(deliveredAfterMs)],
  ['memory MB', ({ memoryMb }) => whole(memoryMb)],
  ['statements', ({ work }) => (work === null ? '' : short(work.statements))],
  ['transactions', ({ work }) => (work === null ? '' : short(work.transactions))],
  ['WAL bytes', ({ work }) => (work === null ? '' : whole(work.walBytes))],
];

/** For a terminal. */
export function textOf(report: Report): string {
  const { rows, surroundings, audits, problems, quick } = report;
  const references = rows.flatMap(({ title, load, reference }) =>
    reference === null
      ? []
      : [`  ${title}, ${load}: ${ratio(reference.ratio)} of pgbench in ${reference.name} (${whole(reference.perSecond)}/s)`],
  );
  return [
    ...(quick ? ['A quick run: it shows that everything works. Its figures mean nothing.', ''] : []),
    ...columns(FIGURES, rows),
    '',
    ...columns(COSTS, rows),
    '',
    ...(references.length > 0 ? ['Beside the yardsticks:', ...references, ''] : []),
    ...rows.filter(({ goodput }) => goodput !== null).map(overloadText),
    ...(surroundings.pgbench === null ? ['No yardsticks: pgbench is not on the PATH (Debian: apt-get install postgresql).', ''] : []),
    ...problems.map((problem) => `✗ ${problem}`),
    `Audit: ${audits.reduce((sum, { violations }) => sum + violations, 0)} violations after ${audits.length} scenarios, ${whole(audits.at(-1)?.paidOrders ?? 0)} paid orders.`,
  ].join('\n');
}

/** What the shop said to those who were too many. */
export function overloadText({ title, load, offeredPerSecond, outcomes, askedToComeBack }: Row): string {
  const answers = Object.entries(outcomes).map(([outcome, count]) => `${whole(count)} × ${outcome}`);
  return `${title}, ${load}: ${whole(offeredPerSecond ?? NaN)}/s arrived; ${answers.join(', ')}; ${whole(askedToComeBack)} told when to come back.`;
}

function columns(wanted: readonly Column[], rows: readonly Row[]): string[] {
  const lines = [wanted.map(([heading]) => heading), ...rows.map((row) => wanted.map(([, cell]) => cell(row)))];
  const widths = wanted.map((_, column) => Math.max(...lines.map((line) => (line[column] as string).length)));
  return lines.map((line) =>
    line
      .map((cell, column) => (isText(wanted, column) ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number)))
      .join('  ')
      .trimEnd(),
  );
}

const isText = (wanted: readonly Column[], column: number): boolean =>
  column === 0 || ['target', 'reached'].includes(wanted[column]?.[0] ?? '');

function comparedWith(yardstick: Row['yardstick'], goodput: number | null): string {
  if (yardstick !== null) return ratio(yardstick.ratio);
  return goodput === null ? '' : `${ratio(goodput)} of peak`;
}

export function reachedText(reached: boolean | null): string {
  if (reached === null) return 'not measured';
  return reached ? 'yes' : 'no';
}
