import { describe, expect, test } from 'vitest';
import { type Figures, MEASURED } from '../../bench/growth/measured-load.js';
import { parseGrowthOptions } from '../../bench/growth/options.js';
import { compared, comparisonText, type Round } from '../../bench/growth/report.js';
import { WrongOption } from '../support/command-options.js';

describe('the options of npm run bench:growth', () => {
  test('the grown shop has customers and products for its orders, but never too few', () => {
    expect(parseGrowthOptions([], 'results')).toEqual({
      size: { orders: 10_000_000, users: 1_000_000, options: 100_000 },
      rounds: 5,
      load: { orders: 8_000, clients: 32 },
      out: 'results',
    });
    expect(parseGrowthOptions(['--orders', '20005'], 'results')?.size).toEqual({ orders: 20_005, users: 2_000, options: 1_000 });
    expect(parseGrowthOptions(['--users', '7', '--options', '3'], 'results')?.size).toMatchObject({ users: 7, options: 3 });
    expect(parseGrowthOptions(['-h'], 'results')).toBeNull();
  });

  test.each([
    [['--orders', '0'], /--orders must be a whole number from 1 to 1000000000, not 0/],
    [['--paid', '1e9'], /--paid/],
    [['--clients', 'many'], /--clients/],
    [['--options', '-1'], /--options/],
    [['--seconds', '2'], /--seconds/],
  ])('%j is refused in one line', (args, reason) => {
    expect(() => parseGrowthOptions(args, 'results')).toThrow(WrongOption);
    expect(() => parseGrowthOptions(args, 'results')).toThrow(reason);
  });
});

test('shops are compared round by round: a slow minute of the machine does not show', () => {
  const round = (grown: number, empty: number): Round => {
    const at = (perSecond: number): Figures => ({ perSecond, p50Ms: 20, p99Ms: 40 });
    const each = (figures: Figures): Round['grown'] => ({ placed: figures, paid: figures, 'read top products': figures });
    return { grown: each(at(grown)), empty: each(at(empty)) };
  };
  const comparisons = compared([round(80, 100), round(400, 400), round(45, 50)]);
  const placed = comparisons.map((comparison) => comparisonText(comparison, 1_000))[0];
  expect(comparisons.map(({ what }) => what)).toEqual(MEASURED);
  expect(comparisons[0]).toMatchObject({ grown: { perSecond: 80 }, empty: { perSecond: 100 }, ratio: 0.9 });
  expect(placed).toBe(
    'placed: 80/s, p50 20.0 ms, p99 40.0 ms with 1,000 orders, 100/s, p50 20.0 ms, p99 40.0 ms in an empty shop: 0.90 (median of the ratios, round by round)',
  );
});
