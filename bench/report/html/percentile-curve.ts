import { element, escaped, label, line } from './markup.js';
import { apart, decades } from './scale.js';

export interface Curve {
  readonly name: string;
  /** The number of its colour. */
  readonly series: number;
  readonly points: readonly (readonly [percentile: number, ms: number])[];
}

const WIDTH = 640;
const HEIGHT = 320;
const [LEFT, RIGHT, TOP, BOTTOM] = [60, 216, 16, 40] as const;
const MARKS = [50, 90, 99, 99.9, 99.99];
const PERCENTILE_MAX = 99.99;

/** Latency by percentile; both axes stretch what matters: the tail to the right, and small figures as far as large ones. */
export function percentileCurves(title: string, curves: readonly Curve[]): string {
  const shown = curves.map(({ points, ...curve }) => ({ ...curve, points: points.filter(([percentile]) => percentile <= PERCENTILE_MAX) }));
  const figures = shown.flatMap(({ points }) => points.map(([, ms]) => ms));
  if (figures.length === 0) return '';
  const marks = decades(Math.min(...figures), Math.max(...figures));
  const [low, high] = [Math.log10(marks[0] as number), Math.log10(marks.at(-1) as number)];
  const x = (percentile: number): number => LEFT + (stretched(percentile) / stretched(PERCENTILE_MAX)) * (WIDTH - LEFT - RIGHT);
  const y = (ms: number): number => HEIGHT - BOTTOM - ((Math.log10(ms) - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const axes = [
    ...marks.map(
      (ms) =>
        line(LEFT, y(ms), WIDTH - RIGHT, y(ms), 'grid') +
        label(LEFT - 8, y(ms) + 4, ms >= 1_000 ? `${ms / 1_000} s` : `${ms} ms`, { class: 'quiet', 'text-anchor': 'end' }),
    ),
    ...MARKS.map(
      (mark) =>
        line(x(mark), TOP, x(mark), HEIGHT - BOTTOM, 'grid') +
        label(x(mark), HEIGHT - BOTTOM + 18, `p${mark}`, { class: 'quiet', 'text-anchor': 'middle' }),
    ),
  ];
  const ends = apart(shown.map(({ points }) => y(points.at(-1)?.[1] ?? 1)));
  const drawn = shown.map(({ name, series, points }, index) => {
    const path = points
      .map(([percentile, ms], point) => `${point === 0 ? 'M' : 'L'}${x(percentile).toFixed(1)} ${y(ms).toFixed(1)}`)
      .join('');
    const className = `curve series-${series}`;
    return (
      element('path', { d: path, class: className }, element('title', {}, escaped(name))) +
      label(WIDTH - RIGHT + 10, (ends[index] as number) + 4, name, { class: `name text-${series}` })
    );
  });
  const attributes = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': title };
  return element('svg', attributes, element('title', {}, escaped(title)), ...axes, ...drawn);
}

/** Each further nine of a percentile is as wide as the one before. */
const stretched = (percentile: number): number => -Math.log10(1 - percentile / 100);
