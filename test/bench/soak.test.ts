import { describe, expect, test } from 'vitest';
import { lineChart } from '../../bench/report/html/line-chart.js';
import { lineThrough, memoryFigures, type MemorySample } from '../../bench/soak/memory.js';
import { parseSoakOptions } from '../../bench/soak/options.js';
import { StreamTotals } from '../../bench/soak/stream-totals.js';
import { LatencyHistogram } from '../../bench/load/latency-counts.js';
import { Tally } from '../../bench/load/tally.js';
import { WrongOption } from '../support/command-options.js';

describe('the options of npm run bench:soak', () => {
  test('without options it loads the shop for an hour, with 300 orders a second', () => {
    expect(parseSoakOptions([], 'results')).toEqual({ minutes: 60, rate: 300, out: 'results' });
    expect(parseSoakOptions(['--help'], 'results')).toBeNull();
  });

  test.each([
    [['--minutes', '0'], /--minutes must be a whole number from 1 to 1440, not 0/],
    [['--rate', 'high'], /--rate/],
    [['--orders', '1'], /--orders/],
  ])('%j is refused in one line', (args, reason) => {
    expect(() => parseSoakOptions(args, 'results')).toThrow(WrongOption);
    expect(() => parseSoakOptions(args, 'results')).toThrow(reason);
  });
});

/** Six looks a minute. */
const samples = (minutes: number, memoryMb: (minute: number) => number): MemorySample[] =>
  Array.from({ length: minutes * 6 }, (_, index) => ({ minute: (index + 1) / 6, memoryMb: memoryMb((index + 1) / 6) }));

describe('the memory of a run', () => {
  test('a line of least squares has the slope of its points, however they swing about it', () => {
    const swinging = samples(60, (minute) => 200 + minute / 6 + (Math.round(minute * 6) % 2 === 0 ? 20 : -20));
    expect(lineThrough(samples(60, (minute) => 200 + minute / 6))?.slopeMbPerHour).toBeCloseTo(10, 9);
    expect(Math.abs((lineThrough(swinging)?.slopeMbPerHour ?? NaN) - 10)).toBeLessThan(1);
    expect(lineThrough(samples(60, () => 250))?.memoryMbAt(30)).toBe(250);
  });

  test('one moment has no slope, and no moment neither', () => {
    expect(lineThrough([{ minute: 1, memoryMb: 200 }])).toBeNull();
    expect(lineThrough([])).toBeNull();
  });

  test('the slope is that of the second half: how a shop fills its caches does not count', () => {
    const filling = samples(60, (minute) => (minute <= 30 ? 100 + 5 * minute : 250));
    expect(memoryFigures(filling, 60)).toMatchObject({ endMb: 250, maxMb: 250 });
    expect(memoryFigures(filling, 60).slopeMbPerHour).toBeCloseTo(0, 9);
  });

  test('a moment stands for the minute before it, so that a single collection of garbage does not', () => {
    const withPeaks = samples(60, (minute) => (Number.isInteger(minute) ? 400 : 200 + minute));
    const { at5MinutesMb, middleMb, endMb, maxMb } = memoryFigures(withPeaks, 60);
    expect(at5MinutesMb).toBeGreaterThan(204);
    expect(at5MinutesMb).toBeLessThan(206);
    expect(middleMb).toBeLessThan(231);
    expect(endMb).toBeLessThan(261);
    expect(maxMb).toBe(400);
  });

  test('what a short run cannot tell is left out', () => {
    expect(
      memoryFigures(
        samples(2, () => 200),
        2,
      ),
    ).toMatchObject({ at5MinutesMb: null, middleMb: 200, endMb: 200 });
    expect(memoryFigures([], 60)).toEqual({ at5MinutesMb: null, middleMb: null, endMb: null, maxMb: null, slopeMbPerHour: null });
  });
});

describe('latencies of many runs', () => {
  test('add up, to within a hundredth', () => {
    const histogram = new LatencyHistogram();
    for (const from of [1, 501]) {
      const half = new LatencyHistogram();
      for (let ms = from; ms < from + 500; ms++) half.record(ms);
      histogram.add(half.entries());
    }
    for (const percentile of [1, 50, 99, 100]) expect(histogram.at(percentile) / (percentile * 10)).toBeCloseTo(1, 1.7);
    expect(new LatencyHistogram().at(50)).toBeNaN();
  });

  test('an interval without an answer changes nothing but the count of failures', () => {
    const tallies = [new Tally(), new Tally()] as const;
    tallies[0].answered('200', null);
    tallies[0].served(12, true);
    tallies[1].answered('no answer: ECONNREFUSED', null);
    tallies[1].notServed();
    const totals = new StreamTotals();
    for (const tally of tallies) totals.add(tally.report({ begun: 1, seconds: 10, clientCpuMs: 0, bodies: [] }));
    const { maxMs, p99Ms, ...figures } = totals.figures();
    expect(figures).toMatchObject({ requests: 2, failed: 1, outcomes: { 200: 1, 'no answer: ECONNREFUSED': 1 } });
    expect(maxMs / 12).toBeCloseTo(1, 2);
    expect(p99Ms / 12).toBeCloseTo(1, 1.7);
  });
});

test('a chart over time begins at zero, leaves out lines without points, and shows names as text', () => {
  const chart = lineChart('memory', { xUnit: 'min', yUnit: 'MB', xMax: 60 }, [
    {
      name: '<b>',
      series: 0,
      points: [
        [1, 200],
        [60, 270],
      ],
    },
    { name: 'nothing', series: 1, points: [] },
  ]);
  expect(chart).toContain('&lt;b&gt;');
  expect(chart).not.toContain('nothing');
  expect(chart).toMatch(/>0<.*>300 MB<.*>60 min</);
});
