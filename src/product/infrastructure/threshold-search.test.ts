import { expect, test } from 'vitest';
import { thresholdSearch } from './threshold-search.js';

/** Units of each product on each day; the search is told by what it asked for. */
function searched(days: readonly (readonly number[])[], rowsMax: number) {
  const asked: (number | 'all')[] = [];
  const pageOf = (products: ReadonlySet<number>, bound: number) => {
    const totals = [...products].map((product) => days.reduce((sum, units) => sum + (units[product] ?? 0), 0));
    return Promise.resolve({ rows: totals.toSorted((a, b) => b - a).slice(0, rowsMax), bound });
  };
  const all = new Set((days[0] ?? []).keys());
  const amongBest = (width: number) => {
    asked.push(width);
    const best = days.map((units) => [...units.entries()].toSorted(([, a], [, b]) => b - a).slice(0, width));
    const bound = best.reduce((sum, list) => sum + (list.length < width ? 0 : (list.at(-1)?.[1] ?? 0)), 0);
    return pageOf(new Set(best.flatMap((list) => list.map(([product]) => product))), bound);
  };
  const amongAll = () => {
    asked.push('all');
    return pageOf(all, 0);
  };
  const found = thresholdSearch({ rowsMax, unitsBefore: Infinity, unitsOf: (units: number) => units, amongBest, amongAll });
  return found.then(({ rows }) => ({ rows, asked }));
}

const PRODUCTS = 2_000;
const day = (units: (product: number) => number): number[] => Array.from({ length: PRODUCTS }, (_, product) => units(product));

test('where few products sell well, a few of each day decide', async () => {
  const steep = day((product) => Math.floor(1_000 / (product + 1)));
  expect(await searched([steep, steep, steep], 5)).toEqual({ rows: [3_000, 1_500, 999, 750, 600], asked: [15] });
});

test('lists that do not decide are made longer', async () => {
  const flat = day((product) => 1_000 - product);
  const other = day((product) => 1_000 - ((product + 20) % PRODUCTS));
  const { rows, asked } = await searched([flat, other], 5);
  expect({ rows, asked }).toEqual({ rows: [1_980, 1_978, 1_976, 1_974, 1_972], asked: [15, 60] });
});

test('one that was left out could have sold as much: then equals are not told apart by units', async () => {
  const { rows, asked } = await searched([day(() => 3)], 2);
  expect({ rows, asked }).toEqual({ rows: [3, 3], asked: [6, 24, 96, 384, 'all'] });
});

test('where each day has its own favourites, all are added up at once', async () => {
  const favourites = (of: number) => day((product) => (product % 8 === of ? 100 : 0));
  const { asked } = await searched([0, 1, 2, 3, 4, 5, 6, 7].map(favourites), 5);
  expect(asked).toEqual([15, 'all']);
});
