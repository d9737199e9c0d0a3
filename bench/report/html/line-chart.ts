import { element, escaped, label, line } from './markup.js';
import { apart, ticksUpTo } from './scale.js';

/** One line, or a part of one. */
export interface ChartLine {
  readonly name: string;
  /** The number of its colour. */
  readonly series: number;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Axes {
  readonly xUnit: string;
  readonly yUnit: string;
  readonly xMax: number;
}

const WIDTH = 920;
const HEIGHT = 320;
const [LEFT, RIGHT, TOP, BOTTOM] = [70, 190, 16, 40] as const;
const [X_TICKS_MAX, Y_TICKS_MAX] = [12, 6];

/** Figures over time, both axes from zero: what is flat looks flat. */
export function lineChart(title: string, { xUnit, yUnit, xMax }: Axes, lines: readonly ChartLine[]): string {
  const yTicks = ticksUpTo(largest(lines), Y_TICKS_MAX);
  const x = (value: number): number => LEFT + (value / xMax) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number => HEIGHT - BOTTOM - (value / (yTicks.at(-1) as number)) * (HEIGHT - TOP - BOTTOM);
  const unitAtEnd = (value: number, ticks: readonly number[], unit: string): string =>
    `${value.toLocaleString('en')}${value === ticks.at(-1) ? ` ${unit}` : ''}`;
  const xTicks = ticksUpTo(xMax, X_TICKS_MAX).filter((tick) => tick <= xMax);
  const axes = [
    ...yTicks.map(
      (tick) =>
        line(LEFT, y(tick), WIDTH - RIGHT, y(tick), 'grid') +
        label(LEFT - 8, y(tick) + 4, unitAtEnd(tick, yTicks, yUnit), { class: 'quiet', 'text-anchor': 'end' }),
    ),
    ...xTicks.map((tick) =>
      label(x(tick), HEIGHT - BOTTOM + 18, unitAtEnd(tick, xTicks, xUnit), { class: 'quiet', 'text-anchor': 'middle' }),
    ),
  ];
  const shown = lines.filter(({ points }) => points.length > 0);
  const ends = apart(shown.map(({ points }) => y(points.at(-1)?.[1] ?? 0)));
  const drawn = shown.map(({ name, series, points }, index) => {
    const path = points.map((point, at) => `${at === 0 ? 'M' : 'L'}${x(point[0]).toFixed(1)} ${y(point[1]).toFixed(1)}`).join('');
    return (
      element('path', { d: path, class: `curve series-${series}` }, element('title', {}, escaped(name))) +
      label(WIDTH - RIGHT + 10, (ends[index] as number) + 4, name, { class: `name text-${series}` })
    );
  });
  const attributes = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': title };
  return element('svg', attributes, element('title', {}, escaped(title)), ...axes, ...drawn);
}

const largest = (lines: readonly ChartLine[]): number =>
  lines.flatMap(({ points }) => points).reduce((max, [, value]) => Math.max(max, value), 0);
