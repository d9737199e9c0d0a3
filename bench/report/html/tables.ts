import { ratio, short, whole } from '../numbers.js';
import type { Row } from '../rows.js';
import type { Surroundings } from '../surroundings.js';
import { reachedText } from '../table.js';
import { element, escaped } from './markup.js';

export function figures(rows: readonly Row[]): string {
  const headings = ['', 'per second', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms', 'errors', 'pgbench', 'ratio', 'target', 'reached'];
  const lines = rows.map((row) => [
    text(`${row.title}, ${row.load}`),
    number(whole(row.perSecond)),
    ...[row.p50Ms, row.p95Ms, row.p99Ms, row.maxMs].map((ms) => number(short(ms))),
    number(whole(row.errors)),
    number(row.yardstick === null ? '' : whole(row.yardstick.perSecond)),
    number(comparedWith(row)),
    words(row.verdicts.map(({ text: target }) => escaped(target)).join('<br>')),
    words(row.verdicts.map(({ reached }) => verdict(reached)).join('<br>')),
  ]);
  return table(headings, lines);
}

export function costs(rows: readonly Row[]): string {
  const headings = ['', 'CPU ms: shop', 'PostgreSQL', 'client', 'event-loop delay p99 ms', 'delivered after ms', 'memory MB'];
  return table(
    headings,
    rows.map(({ title, load, cpuMsEach, eventLoopDelayMsP99, deliveredAfterMs, memoryMb }) => [
      text(`${title}, ${load}`),
      ...[cpuMsEach.shop, cpuMsEach.postgres, cpuMsEach.client, eventLoopDelayMsP99].map((ms) => number(short(ms))),
      number(whole(deliveredAfterMs)),
      number(whole(memoryMb)),
    ]),
  );
}

export function databaseWork(rows: readonly Row[]): string {
  const counted = rows.flatMap(({ title, load, work }) => (work === null ? [] : [{ name: `${title}, ${load}`, ...work }]));
  return table(
    ['', 'statements', 'transactions', 'WAL bytes', 'page images beside'],
    counted.map(({ name, statements, transactions, walBytes, pageImageBytes }) => [
      text(name),
      number(short(statements)),
      number(short(transactions)),
      number(whole(walBytes)),
      number(whole(pageImageBytes)),
    ]),
  );
}

/** @param run when, and how much was measured */
export function surroundings(
  { cpu, cores, memoryGb, platform, loadBefore, node, pgbench, postgres, commit }: Surroundings,
  run: string,
): string {
  const facts: readonly (readonly [string, string])[] = [
    ['machine', `${cores} cores, ${cpu}, ${memoryGb} GB, ${platform}; load average ${loadBefore.toFixed(2)} before`],
    ['commit', commit],
    ['Node', node],
    ...Object.entries(postgres).map(([name, setting]) => [name === 'server_version' ? 'PostgreSQL' : name, setting] as const),
    ['yardsticks', pgbench ?? 'none: pgbench is not on the PATH'],
    ['run', run],
  ];
  return table(
    [],
    facts.map(([name, fact]) => [text(name), words(escaped(fact))]),
  );
}

/** @param lines of cells, as markup */
export const table = (headings: readonly string[], lines: readonly (readonly string[])[]): string =>
  element(
    'div',
    { class: 'scroll' },
    element(
      'table',
      {},
      headings.length === 0
        ? ''
        : element('thead', {}, element('tr', {}, ...headings.map((heading) => element('th', {}, escaped(heading))))),
      element('tbody', {}, ...lines.map((cells) => element('tr', {}, ...cells))),
    ),
  );

export const cell = (content: string): string => element('td', {}, escaped(content));
const [number, text] = [cell, cell];
const words = (markup: string): string => element('td', { class: 'words' }, markup);
const verdict = (reached: boolean | null): string => element('span', { class: reached === true ? 'good' : 'bad' }, reachedText(reached));

function comparedWith({ yardstick, goodput }: Row): string {
  if (yardstick !== null) return ratio(yardstick.ratio);
  return goodput === null ? '' : `${ratio(goodput)} of peak`;
}
