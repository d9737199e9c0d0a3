import type { Report } from '../report.js';
import type { Row } from '../rows.js';
import { overloadText } from '../table.js';
import { cpuSplit, latencies, SERIES, throughput } from './charts.js';
import { documentOf, key, madeAt, section } from './document.js';
import { element, escaped } from './markup.js';
import { costs, databaseWork, figures, surroundings } from './tables.js';

/** The report as one file that asks nobody for anything. */
export function htmlOf(report: Report): string {
  const { rows, quick, problems, audits } = report;
  const violations = audits.reduce((sum, { violations: found }) => sum + found, 0);
  const body = [
    element('h1', {}, 'Ordersaga, measured'),
    madeAt(report),
    quick ? element('p', { class: 'warning' }, 'A quick run: it shows that everything works. Its figures mean nothing.') : '',
    ...problems.map((problem) => element('p', { class: 'warning' }, escaped(problem))),
    section(
      'Throughput',
      `${key(SERIES.shop, 'Ordersaga over HTTP')}${key(SERIES.pgbench, 'pgbench, the same work written by hand, without HTTP and without a saga')}. In brackets the median of the ratios of shop to pgbench, round by round.`,
      throughput(rows),
    ),
    section('Latency', 'How long that share of the requests took at most. The round whose p99 is the median.', latencyCharts(rows)),
    section(
      'CPU time for each request',
      `${key(SERIES.shop, 'shop')}${key(SERIES.postgres, 'PostgreSQL')}${key(SERIES.client, 'load generator')}. Until every side effect of the requests had been made.`,
      cpuSplit(rows),
    ),
    section(
      'Figures',
      'Medians over the rounds; the longest latency and the errors are of all rounds. In an open loop latency begins when a request is due.',
      figures(rows),
      ...rows.filter(({ goodput }) => goodput !== null).map((row) => element('p', { class: 'quiet' }, escaped(overloadText(row)))),
    ),
    section('Costs', 'For each request. Delivered: from the last answer until its side effects had been made.', costs(rows)),
    section(
      'Work of the database',
      'For each request, counted by PostgreSQL in a run apart: statements, transactions that wrote, bytes of write-ahead log.',
      databaseWork(rows),
    ),
    section(
      'Audit',
      `After each scenario the books of all domains were compared: ${violations} violations, ${audits.at(-1)?.paidOrders ?? 0} paid orders at the end.`,
    ),
    section('Where', '', surroundings(report.surroundings, runText(report))),
  ];
  return documentOf('Ordersaga, measured', body);
}

const runText = ({ at, minutes, rounds, secondsMax }: Report): string =>
  `${at}, ${minutes.toFixed(1)} minutes, up to ${rounds} rounds of up to ${secondsMax} s`;

function latencyCharts(rows: readonly Row[]): string {
  const charts = latencies(rows).map(({ title, chart }) => element('div', {}, element('h3', {}, escaped(title)), chart));
  return element('div', { class: 'pair' }, ...charts);
}
