import type { Latencies } from './latencies.js';
import { inPounds } from './pounds.js';
import type { Report } from './report.js';

const LABEL_CHARACTERS = 14;
const STOCK_CODES_SHOWN_MAX = 8;
const VIOLATIONS_SHOWN_MAX = 20;

/** The report for people. */
export function tableOf(report: Report): string {
  const { history, skipped, orders, money, units, stock, balances, top, latency, speed } = report;
  const skippedLines = skipped.reduce((lines, group) => lines + group.lines, 0);
  const rows: (readonly [label: string, ...lines: readonly string[]])[] = [
    [
      'File',
      `${count(history.lines)} lines in ${count(history.invoices)} invoices`,
      `${count(history.linesSold)} lines sold: ${count(history.orders)} orders, ${count(history.products)} products, ${count(history.customers)} customers, ${count(history.guests)} guests`,
    ],
    ['Skipped', `${count(skippedLines)} lines`, ...columns(skipped.map((group) => skippedRow(group)))],
    [
      'Orders',
      `${count(orders.placed)} placed, ${count(orders.paid)} paid, ${count(history.orders - orders.paid)} refused`,
      ...columns(orders.refused.map(({ step, code, orders: times }) => [count(times), `${step}: ${code}`])),
    ],
    [
      'Money',
      ...columns([beside('paid in the shop', inPounds(money.paidInShop), inPounds(money.inFile), money.paidInShop === money.inFile)]),
    ],
    ['Units', ...columns([beside('sold in the shop', count(units.soldInShop), count(units.inFile), units.soldInShop === units.inFile)])],
    [
      'Stock',
      `${count(stock.before)} before, ${count(stock.after)} after, ${count(stock.reserved)} set aside; ${count(stock.optionsNotSoldOut)} options not sold out`,
      ...(stock.reserved > 0 ? ['set aside for unpaid orders, or for orders that a crash cut short: free again when the hold ends'] : []),
    ],
    ['Balances', `${inPounds(balances.given)} given, ${inPounds(balances.left)} left in ${count(balances.accountsNotEmpty)} accounts`],
    ['Top products', ...columns([['', 'in the shop', 'in the file', ''], ...top.items.map(topRow)])],
    ['Latency', ...columns([['ms', 'p50', 'p95', 'p99', 'max'], latencyRow('place', latency.place), latencyRow('pay', latency.pay)])],
    [
      'Speed',
      `${speed.ordersPerSecond.toFixed(1)} orders/s placed and paid, in ${speed.seconds.toFixed(2)} s, by ${speed.clients} clients${speed.rate === null ? '' : ` at ${speed.rate} orders/s`}`,
      ...(speed.repeats > 0 ? [`${count(speed.repeats)} requests had to be repeated`] : []),
    ],
    ['Audit', ...auditLines(report)],
  ];
  return [
    `Replay of ${report.file} on ${report.shop} (run ${report.run})`,
    '',
    ...rows.flatMap(([label, ...lines]) =>
      lines.map((line, index) => `${(index === 0 ? label : '').padEnd(LABEL_CHARACTERS)}${line}`.trimEnd()),
    ),
    '',
    verdictOn(report),
  ].join('\n');
}

const verdictOn = ({ differences }: Report): string =>
  differences.length === 0 ? 'Every figure of the shop is the file’s own.' : `DIFFERENT: ${differences.join('; ')}.`;

function skippedRow({ reason, lines, invoices, stockCodes }: Report['skipped'][number]): string[] {
  const codes = Object.entries(stockCodes).toSorted(([, a], [, b]) => b - a);
  const shown = codes.slice(0, STOCK_CODES_SHOWN_MAX).map(([code, times]) => `${code} ${times}`);
  const named = reason === 'no goods' ? `${reason}: ${shown.join(', ')}${codes.length > shown.length ? ', …' : ''}` : reason;
  return [count(lines), `in ${count(invoices)}`, named];
}

const beside = (what: string, inShop: string, inFile: string, equal: boolean): string[] => [
  what,
  inShop,
  'in the file',
  inFile,
  equal ? 'equal' : 'DIFFERENT',
];

function topRow({ rank, name, salesCount, unitsInFile }: Report['top']['items'][number]): string[] {
  const verdict = unitsInFile === null ? '(not of this run)' : unitsInFile === salesCount ? '' : 'DIFFERENT';
  return [String(rank), count(salesCount), unitsInFile === null ? '-' : count(unitsInFile), `${name} ${verdict}`.trimEnd()];
}

const latencyRow = (step: string, latencies: Latencies | null): string[] =>
  latencies
    ? [step, ...[latencies.p50, latencies.p95, latencies.p99, latencies.max].map((ms) => ms.toFixed(1))]
    : [step, '-', '-', '-', '-'];

function auditLines({ audit }: Report): string[] {
  switch (audit.kind) {
    case 'clean':
      return [audit.summary];
    case 'violations':
      return [audit.summary, ...audit.violations.slice(0, VIOLATIONS_SHOWN_MAX)];
    case 'not-run':
      return [`not run: ${audit.reason}`];
  }
}

/** Aligns cells: columns of numbers to the right, headings included, and texts to the left. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const shapes = (rows[0] ?? []).map((_, column) => {
    const cells = rows.map((row) => row[column] ?? '');
    return { width: Math.max(...cells.map(({ length }) => length)), isNumbers: cells.some((cell) => NUMBER.test(cell)) };
  });
  return rows.map((row) =>
    row
      .map((cell, column) => aligned(cell, shapes[column]))
      .join('  ')
      .trimEnd(),
  );
}

const NUMBER = /^(?:in )?-?£?[\d,.]+$/;

const aligned = (cell: string, shape: { readonly width: number; readonly isNumbers: boolean } = { width: 0, isNumbers: false }): string =>
  shape.isNumbers ? cell.padStart(shape.width) : cell.padEnd(shape.width);

const count = (number: number): string => number.toLocaleString('en-GB');
