import { median, medianRatio } from '../report/median.js';
import { ratio, short, whole } from '../report/numbers.js';
import type { Surroundings } from '../report/surroundings.js';
import type { ShopSize } from './generate-shop.js';
import { type Figures, type Load, MEASURED } from './measured-load.js';

export const SHOPS = ['grown', 'empty'] as const;
export type ShopName = (typeof SHOPS)[number];
type OfBoth<T> = Readonly<Record<ShopName, T>>;
export type Round = OfBoth<Readonly<Record<(typeof MEASURED)[number], Figures>>>;

/** One kind of work on both shops: medians over the rounds. */
export interface Comparison {
  readonly what: string;
  readonly grown: Figures;
  readonly empty: Figures;
  /** Of the rates, grown to empty: the median of the ratios, round by round. */
  readonly ratio: number;
}

/** What is written as JSON. */
export interface GrowthReport {
  readonly at: string;
  readonly surroundings: Surroundings;
  readonly size: ShopSize;
  readonly load: Load;
  readonly generatedSeconds: number;
  readonly databaseBytes: OfBoth<number>;
  readonly rounds: readonly Round[];
  readonly comparisons: readonly Comparison[];
  /** One client. */
  readonly lookups: OfBoth<Readonly<Record<string, Figures>>>;
  readonly audits: OfBoth<{ readonly violations: number; readonly pending: number; readonly paidOrders: number; readonly seconds: number }>;
}

export function compared(rounds: readonly Round[]): Comparison[] {
  return MEASURED.map((what) => {
    const rates = rounds.map(({ grown, empty }) => ({ figure: grown[what].perSecond, yardstick: empty[what].perSecond }));
    const over = (shop: ShopName): Figures => medians(rounds.map((round) => round[shop][what]));
    return { what, grown: over('grown'), empty: over('empty'), ratio: medianRatio(rates) ?? NaN };
  });
}

function medians(figures: readonly Figures[]): Figures {
  const of = (figure: keyof Figures): number => median(figures.map((each) => each[figure]));
  return { perSecond: of('perSecond'), p50Ms: of('p50Ms'), p99Ms: of('p99Ms') };
}

export const comparisonText = ({ what, grown, empty, ratio: figure }: Comparison, orders: number): string =>
  `${what}: ${inWords(grown)} with ${whole(orders)} orders, ${inWords(empty)} in an empty shop: ${ratio(figure)} (median of the ratios, round by round)`;

export const inWords = ({ perSecond, p50Ms, p99Ms }: Figures): string =>
  `${whole(perSecond)}/s, p50 ${short(p50Ms)} ms, p99 ${short(p99Ms)} ms`;
