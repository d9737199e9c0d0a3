import { styleText } from 'node:util';
import type { AuditReport, CheckReport, Findings } from '../audit/report.js';

const INVARIANTS: Readonly<Record<string, string>> = {
  1: 'Money',
  2: 'Stock',
  3: 'Orders and payments',
  4: 'Coupons',
  5: 'Events',
  6: 'Side effects',
  7: 'Liveness',
};
const TITLE_WIDTH = 62;

interface TableOptions {
  readonly name: string;
  readonly inColour: boolean;
  readonly settled: boolean;
}

/** The report for a reader: a line per check, and below it everything that was found. */
export function auditTable(report: AuditReport, { name, inColour, settled }: TableOptions): string {
  const paint: Paint = (style, text) => (inColour ? styleText(style, text, { validateStream: false }) : text);
  const checks = Object.entries(INVARIANTS).flatMap(([number, heading]) => {
    const ofInvariant = report.checks.filter(({ id }) => id.startsWith(`${number}.`));
    return ofInvariant.length === 0
      ? []
      : [`  ${paint('bold', heading)}`, ...ofInvariant.flatMap((check) => linesOf(check, settled, paint)), ''];
  });
  return `${[`Audit of ${name}`, ...snapshotsOf(report), '', ...checks, verdictOf(report, settled, paint)].join('\n')}\n`;
}

function snapshotsOf({ at, databases }: AuditReport): string[] {
  if (databases.length === 1) return [`One snapshot, taken at ${at}`];
  const width = Math.max(...databases.map(({ name }) => name.length));
  return [
    `${databases.length} databases, a snapshot of each`,
    ...databases.map((each) => `  ${each.name.padEnd(width)}  ${each.at}  ${each.domains.join(', ')}`),
  ];
}

type Style = 'bold' | 'red' | 'green' | 'yellow' | 'dim';
type Paint = (style: Style, text: string) => string;

function linesOf({ id, title, examined, examinedWhat, violations, pending }: CheckReport, settled: boolean, paint: Paint): string[] {
  const failed = violations.total > 0 || (settled && pending.total > 0);
  const mark = failed ? paint('red', '✗') : examined === 0 ? paint('dim', '-') : paint('green', '✓');
  const counted = examined === 0 && !failed ? `nothing to check: no ${examinedWhat}` : `${examined.toLocaleString('en')} ${examinedWhat}`;
  return [
    `  ${mark} ${id}  ${title.padEnd(TITLE_WIDTH)}${paint('dim', counted)}`,
    ...listOf(violations, (text) => paint('red', text), ''),
    ...listOf(pending, (text) => paint('yellow', text), 'pending: '),
  ];
}

function listOf({ total, listed }: Findings, paint: (text: string) => string, prefix: string): string[] {
  const lines = listed.map(({ sentence }) => `         ${paint(prefix + sentence)}`);
  return total > listed.length
    ? [...lines, `         ${paint(`${prefix}and ${(total - listed.length).toLocaleString('en')} more`)}`]
    : lines;
}

function verdictOf({ clean, violations, pending, checks, census }: AuditReport, settled: boolean, paint: Paint): string {
  const idle = checks.filter(({ examined }) => examined === 0).length;
  const seen = [
    `${count(checks.length, 'check')} over ${count(census.orders, 'order')} and ${count(census.ledgerEntries, 'ledger entry', 'ledger entries')}`,
    ...(idle > 0 ? [`${idle} of them had nothing to check`] : []),
    `${count(violations, 'violation')}, ${pending.toLocaleString('en')} pending${settled && pending > 0 ? ' where nothing should be' : ''}`,
  ];
  return `${clean ? paint('green', 'Clean') : paint('red', 'NOT CLEAN')}: ${seen.join('; ')}.`;
}

const count = (number: number, one: string, many = `${one}s`): string => `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
