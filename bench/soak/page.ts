import { documentOf, madeAt, section } from '../report/html/document.js';
import { type ChartLine, lineChart } from '../report/html/line-chart.js';
import { element, escaped } from '../report/html/markup.js';
import { cell, surroundings, table } from '../report/html/tables.js';
import { short, whole } from '../report/numbers.js';
import { lineThrough, secondHalf } from './memory.js';
import { auditText, memoryRows, type SoakReport } from './report.js';
import type { Sample } from './soak-shop.js';
import { INTERVAL_SECONDS, STREAMS } from './traffic.js';

const TITLE = 'Ordersaga, soaked';
/** The same colours as in the page of the benchmark. */
const [SHOP, SECOND, TREND, QUIET] = [0, 1, 2, 4] as const;

/** The report as one file that asks nobody for anything. */
export function soakPage(report: SoakReport): string {
  return documentOf(TITLE, [
    element('h1', {}, TITLE),
    madeAt(report),
    ...report.problems.map((problem) => element('p', { class: 'warning' }, escaped(problem))),
    section(
      'Memory',
      `The memory of the shop's process, looked at every ${INTERVAL_SECONDS} s while ${report.rate} orders were placed and paid a second.`,
      memoryChart(report),
      table(
        [],
        memoryRows(report).map(([name, figure]) => [cell(name), cell(figure)]),
      ),
    ),
    section(
      'Payments',
      'Paid orders a second, and how long 99% of the payments took at most, from the moment they were due.',
      paidChart(report),
      latencyChart(report),
    ),
    section('Requests', 'Over the whole run. Latency begins when a request is due.', requests(report)),
    section('Audit', `At the end the books of all domains were compared: ${escaped(auditText(report))}.`),
    section('Where', '', surroundings(report.surroundings, `${report.at}, ${report.minutes} minutes of load`)),
  ]);
}

function memoryChart({ samples, minutes, memory: { targetMb } }: SoakReport): string {
  const half = secondHalf(samples, minutes);
  const trend = lineThrough(half);
  const ends = [half[0], half.at(-1)].flatMap((sample) => sample ?? []);
  const lines: ChartLine[] = [
    over(samples, 'resident memory', SHOP, ({ memoryMb }) => memoryMb),
    over(samples, 'heap used', SECOND, ({ heapUsedMb }) => heapUsedMb),
    { name: 'second half, least squares', series: TREND, points: ends.map(({ minute }) => [minute, trend?.memoryMbAt(minute) ?? NaN]) },
    {
      name: `target: ${targetMb} MB`,
      series: QUIET,
      points: [
        [0, targetMb],
        [minutes, targetMb],
      ],
    },
  ];
  return lineChart('Memory over time', axes(minutes, 'MB'), trend === null ? lines.filter(({ series }) => series !== TREND) : lines);
}

const paidChart = ({ samples, minutes }: SoakReport): string =>
  lineChart('Paid orders a second', axes(minutes, '/s'), [
    over(samples, 'paid orders a second', SHOP, ({ paidPerSecond }) => paidPerSecond),
  ]);

function latencyChart({ samples, minutes }: SoakReport): string {
  return lineChart('Latency of payments over time', axes(minutes, 'ms'), [
    over(samples, 'p99', SECOND, ({ p99Ms }) => p99Ms),
    over(samples, 'p50', SHOP, ({ p50Ms }) => p50Ms),
  ]);
}

const axes = (xMax: number, yUnit: string) => ({ xUnit: 'min', yUnit, xMax });

const over = (samples: readonly Sample[], name: string, series: number, figure: (sample: Sample) => number | null): ChartLine => ({
  name,
  series,
  points: samples.flatMap((sample) => {
    const value = figure(sample);
    return value === null ? [] : [[sample.minute, value] as const];
  }),
});

function requests({ streams, minutes }: SoakReport): string {
  const headings = ['', 'requests', 'per second', 'p50 ms', 'p99 ms', 'max ms', 'failed'];
  return table(
    headings,
    STREAMS.map((stream) => {
      const { requests: count, p50Ms, p99Ms, maxMs, failed } = streams[stream];
      return [
        cell(stream),
        cell(whole(count)),
        cell(short(count / (minutes * 60))),
        ...[p50Ms, p99Ms, maxMs].map((ms) => cell(short(ms))),
        cell(whole(failed)),
      ];
    }),
  );
}
