import type { Report } from '../report.js';
import type { Row } from '../rows.js';
import { overloadText } from '../table.js';
import { cpuSplit, latencies, SERIES, throughput } from './charts.js';
import { element, escaped } from './markup.js';
import { STYLE } from './style.js';
import { costs, databaseWork, figures, surroundings } from './tables.js';

/** The report as one file that asks nobody for anything. */
export function htmlOf(report: Report): string {
  const { rows, quick, problems, audits } = report;
  const violations = audits.reduce((sum, { violations: found }) => sum + found, 0);
  const body = [
    element('h1', {}, 'Ordersaga, measured'),
    element(
      'p',
      { class: 'quiet' },
      escaped(
        `${report.at.slice(0, 16).replace('T', ' ')} UTC, commit ${report.surroundings.commit}. Client, shop and PostgreSQL shared ${report.surroundings.cores} cores.`,
      ),
    ),
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
    section('Where', '', surroundings(report)),
  ];
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Ordersaga, measured</title><style>${STYLE}</style>`;
  return `<!doctype html>\n${element('html', { lang: 'en' }, element('head', {}, head), element('body', {}, ...body))}\n`;
}

function latencyCharts(rows: readonly Row[]): string {
  const charts = latencies(rows).map(({ title, chart }) => element('div', {}, element('h3', {}, escaped(title)), chart));
  return element('div', { class: 'pair' }, ...charts);
}

const section = (title: string, words: string, ...content: readonly string[]): string =>
  element('section', {}, element('h2', {}, escaped(title)), words === '' ? '' : element('p', { class: 'quiet' }, words), ...content);

const key = (series: string, text: string): string => element('span', { class: `key ${series}` }) + escaped(text);
