import { describe, expect, test } from 'vitest';
import { barChart } from '../../bench/report/html/bars.js';
import { percentileCurves } from '../../bench/report/html/percentile-curve.js';
import { decades, ticksUpTo } from '../../bench/report/html/scale.js';
import { judge } from '../../bench/report/judge.js';
import { median, medianRatio } from '../../bench/report/median.js';
import { short } from '../../bench/report/numbers.js';

describe('medians', () => {
  test('the middle one, or the mean of the two in the middle', () => {
    expect(median([30, 10, 20])).toBe(20);
    expect(median([40, 10, 20, 30])).toBe(25);
    expect(median([])).toBeNaN();
  });

  test('a ratio is taken round by round: a slow minute of the machine does not show in it', () => {
    const rounds = [
      { figure: 100, yardstick: 100 },
      { figure: 300, yardstick: 150 },
      { figure: 60, yardstick: 20 },
    ];
    expect(medianRatio(rounds)).toBe(2);
    expect(median(rounds.map(({ figure }) => figure)) / median(rounds.map(({ yardstick }) => yardstick))).toBe(1);
    expect(medianRatio([...rounds, { figure: 1, yardstick: null }])).toBe(2);
    expect(medianRatio([{ figure: 1, yardstick: null }])).toBeNull();
  });
});

describe('verdicts', () => {
  const figures = { perSecond: 5_000, ratio: 1.5, goodput: 0.79, p50Ms: 6, p99Ms: 14.9 };

  test('one for each figure that the target names; the bound itself is reached from below and not from above', () => {
    expect(judge({ ratioMin: 1.5, perSecondMin: 5_000, goodputMin: 0.8, p50MsMax: 6, p99MsMax: 15 }, figures)).toEqual([
      { text: '≥ 1.5 × pgbench', reached: true },
      { text: '≥ 5000/s', reached: true },
      { text: '≥ 80% of peak', reached: false },
      { text: 'p50 < 6 ms', reached: false },
      { text: 'p99 < 15 ms', reached: true },
    ]);
    expect(judge(undefined, figures)).toEqual([]);
  });

  test('without a yardstick nothing is said of a ratio', () => {
    expect(judge({ ratioMin: 1 }, { ...figures, ratio: null })).toEqual([{ text: '≥ 1 × pgbench', reached: null }]);
  });
});

describe('charts', () => {
  test('axes end at round numbers beyond what they show', () => {
    expect(ticksUpTo(2_310, 6)).toEqual([0, 500, 1_000, 1_500, 2_000, 2_500]);
    expect(ticksUpTo(0.42, 6)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5]);
    expect(ticksUpTo(NaN, 6)).toEqual([0, 1]);
    expect(decades(0.4, 90)).toEqual([0.1, 1, 10, 100]);
  });

  test('what is written into a chart is text', () => {
    const chart = barChart('a <title>', 'a second', [
      { name: '<b>', detail: '&', bars: [{ parts: [{ className: 'x', value: 1, title: '"' }], text: '1' }] },
    ]);
    expect(chart).toContain('&lt;b&gt;');
    expect(chart).not.toContain('<b>');
  });

  test('a curve without a point is left out, and figures stay readable', () => {
    expect(percentileCurves('nothing', [{ name: 'empty', series: 0, points: [] }])).toBe('');
    expect([0.4231, 4.25, 42.51, 4_251, null].map(short)).toEqual(['0.42', '4.25', '42.5', '4,251', '–']);
  });
});
