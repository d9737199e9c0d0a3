import { ratio, short, whole } from '../numbers.js';
import type { Row } from '../rows.js';
import { barChart } from './bars.js';
import { percentileCurves } from './percentile-curve.js';

/** Colours of the series: the same thing has the same one in every chart. */
export const SERIES = { shop: 'series-0', pgbench: 'series-1', postgres: 'series-1', client: 'series-4' } as const;

const SERIES_COLOURS = 6;

export function throughput(rows: readonly Row[]): string {
  const groups = rows.map((row) => {
    const { perSecond, yardstick } = row;
    const shop = {
      parts: [{ className: SERIES.shop, value: perSecond, title: 'Ordersaga' }],
      text: `${whole(perSecond)}/s${comparison(row)}`,
    };
    const beside =
      yardstick === null
        ? []
        : [
            {
              parts: [{ className: SERIES.pgbench, value: yardstick.perSecond, title: `pgbench: ${yardstick.name}` }],
              text: `${whole(yardstick.perSecond)}/s`,
            },
          ];
    return { name: row.title, detail: row.load, bars: [shop, ...beside] };
  });
  return barChart('Requests a second, and what pgbench does with the same work', 'a second', groups);
}

export function cpuSplit(rows: readonly Row[]): string {
  const groups = rows.map(({ title, load, cpuMsEach: { shop, postgres, client } }) => {
    const parts = [
      { className: SERIES.shop, value: shop, title: `shop ${short(shop)} ms` },
      { className: SERIES.postgres, value: postgres ?? 0, title: `PostgreSQL ${short(postgres)} ms` },
      { className: SERIES.client, value: client, title: `client ${short(client)} ms` },
    ];
    return { name: title, detail: load, bars: [{ parts, text: parts.map(({ value }) => short(value)).join(' + ') }] };
  });
  return barChart('CPU time for each request', 'ms', groups);
}

/** One chart a scenario; a load has the same colour in all of them. */
export function latencies(rows: readonly Row[]): { readonly title: string; readonly chart: string }[] {
  const loads = [...new Set(rows.map(({ load }) => load))];
  return [...Map.groupBy(rows, ({ title }) => title)].map(([title, ofScenario]) => {
    const curves = ofScenario.filter(({ curve }) => curve.length > 0);
    const drawn = curves.map(({ load, curve }) => ({ name: load, series: loads.indexOf(load) % SERIES_COLOURS, points: curve }));
    return { title, chart: percentileCurves(`Latency by percentile: ${title}`, drawn) };
  });
}

function comparison({ yardstick, goodput }: Row): string {
  if (yardstick !== null) return ` (${ratio(yardstick.ratio)})`;
  return goodput === null ? '' : ` (${ratio(goodput)} of peak)`;
}
