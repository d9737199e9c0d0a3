import type { AuditOutcome } from './run-audit.js';
import { type TopComparison, topAgrees } from './compare-top.js';
import type { History } from './history.js';
import { type Latencies, latenciesOf } from './latencies.js';
import { SKIP_REASONS, type SkipReason } from './sale-or-skip.js';
import type { OrderOutcome } from './shop-an-invoice.js';
import type { ShopBooks } from './read-books.js';

/** What `--json` writes and the table shows. Money in pence, times in milliseconds. */
export interface Report {
  readonly file: string;
  readonly shop: string;
  readonly run: string;
  readonly history: {
    readonly lines: number;
    readonly invoices: number;
    readonly linesSold: number;
    readonly orders: number;
    readonly products: number;
    readonly customers: number;
    readonly guests: number;
  };
  readonly skipped: readonly {
    readonly reason: string;
    readonly lines: number;
    readonly invoices: number;
    readonly stockCodes: Readonly<Record<string, number>>;
  }[];
  readonly orders: {
    readonly placed: number;
    readonly paid: number;
    readonly refused: readonly { readonly step: 'place' | 'pay'; readonly code: string; readonly orders: number }[];
  };
  readonly money: { readonly paidInShop: number; readonly inFile: number; readonly ordersOfOtherAmount: number };
  readonly units: { readonly soldInShop: number; readonly inFile: number };
  readonly stock: { readonly before: number; readonly after: number; readonly reserved: number; readonly optionsNotSoldOut: number };
  readonly balances: { readonly given: number; readonly left: number; readonly accountsNotEmpty: number };
  readonly top: TopComparison;
  readonly latency: { readonly place: Latencies | null; readonly pay: Latencies | null };
  readonly speed: {
    readonly seconds: number;
    readonly ordersPerSecond: number;
    readonly clients: number;
    readonly rate: number | null;
    readonly repeats: number;
  };
  readonly audit: AuditOutcome;
  /** Empty: everything in the shop is as the file has it. */
  readonly differences: readonly string[];
}

export interface Run {
  readonly file: string;
  readonly shop: string;
  readonly runId: string;
  readonly history: History;
  readonly outcomes: readonly OrderOutcome[];
  readonly books: ShopBooks;
  readonly audit: AuditOutcome;
  readonly ordersMs: number;
  readonly clients: number;
  readonly rate: number | null;
  readonly repeats: number;
  readonly auditRequired: boolean;
}

export function reportOf(run: Run): Report {
  const { history, outcomes, books } = run;
  const paid = outcomes.filter((each) => each.outcome === 'paid');
  const report = {
    file: run.file,
    shop: run.shop,
    run: run.runId,
    history: {
      lines: history.linesRead,
      invoices: history.invoicesRead,
      linesSold: history.linesSold,
      orders: history.invoices.length,
      products: history.items.length,
      customers: history.customers.filter(({ guest }) => !guest).length,
      guests: history.customers.filter(({ guest }) => guest).length,
    },
    skipped: inOrder(history.skipped).map((group) => ({
      ...group,
      reason: SKIP_REASONS[group.reason],
      stockCodes: Object.fromEntries(group.stockCodes),
    })),
    orders: { placed: outcomes.filter((each) => each.outcome !== 'not-placed').length, paid: paid.length, refused: refusedOf(outcomes) },
    money: {
      paidInShop: total(paid.map(({ paidAmount }) => paidAmount)),
      inFile: Number(history.total),
      ordersOfOtherAmount: outcomes.filter(hasOtherAmount).length,
    },
    units: { soldInShop: books.stockBefore - books.stockAfter, inFile: history.units },
    stock: { before: books.stockBefore, after: books.stockAfter, reserved: books.reserved, optionsNotSoldOut: books.optionsNotSoldOut },
    balances: { given: Number(history.total), left: books.balancesLeft, accountsNotEmpty: books.accountsNotEmpty },
    top: books.top,
    latency: {
      place: latenciesOf(outcomes.map(({ placeMs }) => placeMs)),
      pay: latenciesOf(outcomes.flatMap((each) => (each.outcome === 'not-placed' ? [] : [each.payMs]))),
    },
    speed: {
      seconds: run.ordersMs / 1_000,
      ordersPerSecond: run.ordersMs === 0 ? 0 : (outcomes.length * 1_000) / run.ordersMs,
      clients: run.clients,
      rate: run.rate,
      repeats: run.repeats,
    },
    audit: run.audit,
  };
  const auditMissed = run.auditRequired && run.audit.kind === 'not-run';
  return { ...report, differences: [...differencesOf(report), ...(auditMissed ? ['the audit that was asked for has not run'] : [])] };
}

/** As the reasons are looked for. */
const inOrder = (skipped: History['skipped']): History['skipped'] =>
  skipped.toSorted((a, b) => REASONS.indexOf(a.reason) - REASONS.indexOf(b.reason));

function refusedOf(outcomes: readonly OrderOutcome[]): Report['orders']['refused'] {
  const refused = outcomes.flatMap((each) =>
    each.outcome === 'paid' ? [] : [{ step: each.outcome === 'not-placed' ? ('place' as const) : ('pay' as const), code: each.code }],
  );
  const groups = Map.groupBy(refused, ({ step, code }) => `${step} ${code}`);
  return [...groups.values()].flatMap((group) => group.slice(0, 1).map((first) => ({ ...first, orders: group.length })));
}

function hasOtherAmount(each: OrderOutcome): boolean {
  if (each.outcome === 'not-placed') return false;
  const invoiced = Number(each.invoice.total);
  return each.placedAmount !== invoiced || (each.outcome === 'paid' && each.paidAmount !== invoiced);
}

function differencesOf({ history, orders, money, units, stock, balances, top, audit }: Omit<Report, 'differences'>): string[] {
  const unpaid = history.orders - orders.paid;
  return [
    unpaid !== 0 && `${unpaid} orders were not paid`,
    money.paidInShop !== money.inFile && 'the money paid is not that of the file',
    money.ordersOfOtherAmount > 0 && `${money.ordersOfOtherAmount} orders have another amount than their invoice`,
    units.soldInShop !== units.inFile && 'the units sold are not those of the file',
    stock.reserved !== 0 && `${stock.reserved} pieces are still set aside`,
    stock.optionsNotSoldOut > 0 && `${stock.optionsNotSoldOut} options are not sold out`,
    balances.accountsNotEmpty > 0 && `${balances.accountsNotEmpty} balances are not spent`,
    !topAgrees(top) && 'the top products are not those of the file',
    audit.kind === 'violations' && 'the audit found violations',
  ].filter((difference) => difference !== false);
}

const REASONS: readonly SkipReason[] = Object.keys(SKIP_REASONS) as SkipReason[];

const total = (amounts: readonly number[]): number => amounts.reduce((sum, amount) => sum + amount, 0);
