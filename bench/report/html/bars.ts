import { element, escaped, label, line } from './markup.js';
import { ticksUpTo } from './scale.js';

interface Part {
  readonly className: string;
  readonly value: number;
  readonly title: string;
}

/** A thing with one bar, or with several below each other, each made of parts that add up. */
export interface BarGroup {
  readonly name: string;
  readonly detail: string;
  readonly bars: readonly { readonly parts: readonly Part[]; readonly text: string }[];
}

const WIDTH = 920;
const NAMES = 240;
const VALUES = 120;
const PLOT = WIDTH - NAMES - VALUES;
const BAR = 14;
const GAP_IN_GROUP = 3;
const GAP = 14;
const AXIS = 28;
const TICKS_MAX = 6;

/** Horizontal bars from a common zero: lengths can be compared, and names stay readable. */
export function barChart(title: string, unit: string, groups: readonly BarGroup[]): string {
  const max = Math.max(...groups.flatMap(({ bars }) => bars.map(({ parts }) => sumOf(parts))));
  const ticks = ticksUpTo(max, TICKS_MAX);
  const x = (value: number): number => NAMES + (value / (ticks.at(-1) as number)) * PLOT;
  let y = AXIS;
  const drawn = groups.map((group) => {
    const top = y;
    const height = Math.max(group.bars.length * (BAR + GAP_IN_GROUP), 2 * BAR);
    y += height + GAP;
    return [
      label(NAMES - 10, top + 11, group.name, { class: 'name', 'text-anchor': 'end' }),
      label(NAMES - 10, top + 25, group.detail, { class: 'quiet', 'text-anchor': 'end' }),
      ...group.bars.map((bar, index) => barOf(bar, top + index * (BAR + GAP_IN_GROUP), x)),
    ].join('');
  });
  const axis = ticks.flatMap((tick) => [
    line(x(tick), AXIS - 6, x(tick), y, 'grid'),
    label(x(tick), 12, `${tick.toLocaleString('en')}${tick === ticks.at(-1) ? ` ${unit}` : ''}`, {
      class: 'quiet',
      'text-anchor': 'middle',
    }),
  ]);
  const attributes = { viewBox: `0 0 ${WIDTH} ${y}`, role: 'img', 'aria-label': title };
  return element('svg', attributes, element('title', {}, escaped(title)), ...axis, ...drawn);
}

function barOf({ parts, text }: BarGroup['bars'][number], y: number, x: (value: number) => number): string {
  let from = 0;
  const rectangles = parts.map(({ className, value, title }) => {
    const left = x(from);
    from += value;
    const attributes = { x: left, y, width: Math.max(0, x(from) - left), height: BAR, class: className };
    return element('rect', attributes, element('title', {}, escaped(title)));
  });
  return rectangles.join('') + label(x(from) + 6, y + 11, text, { class: 'value' });
}

const sumOf = (parts: readonly Part[]): number => parts.reduce((sum, { value }) => sum + value, 0);
