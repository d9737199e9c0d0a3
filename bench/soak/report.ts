import type { AuditResult } from '../audit.js';
import { short, whole } from '../report/numbers.js';
import type { Surroundings } from '../report/surroundings.js';
import { type MemoryFigures, memoryFigures } from './memory.js';
import type { SoakOptions } from './options.js';
import type { Sample, Soaked } from './soak-shop.js';
import { STREAMS } from './traffic.js';

export const MEMORY_MB_MAX = 300;

/** What is written as JSON, and shown as text and HTML. */
export interface SoakReport {
  readonly at: string;
  /** Of load, as asked for. */
  readonly minutes: number;
  /** Orders paid a second, as asked for. */
  readonly rate: number;
  readonly surroundings: Surroundings;
  readonly memory: MemoryFigures & { readonly targetMb: number; readonly reached: boolean };
  readonly streams: Soaked['streams'];
  /** Null when there could be none; a problem tells why. */
  readonly audit: AuditResult | null;
  readonly problems: readonly string[];
  readonly samples: readonly Sample[];
}

interface Run {
  readonly startedAt: Date;
  readonly options: SoakOptions;
  readonly surroundings: Surroundings;
  readonly soaked: Soaked;
  readonly audit: AuditResult | null;
}

export function soakReportOf({ startedAt, options: { minutes, rate }, surroundings, soaked, audit }: Run): SoakReport {
  const { samples, streams } = soaked;
  const memory = memoryFigures(samples, minutes);
  const found =
    audit !== null && audit.violations + audit.pending > 0
      ? [`the audit found ${audit.violations} violations and ${audit.pending} pending`]
      : [];
  return {
    at: startedAt.toISOString(),
    minutes,
    rate,
    surroundings,
    memory: { ...memory, targetMb: MEMORY_MB_MAX, reached: memory.maxMb !== null && memory.maxMb < MEMORY_MB_MAX },
    streams,
    audit,
    problems: [...soaked.problems, ...found],
    samples,
  };
}

export const minuteText = ({ minute, memoryMb, heapUsedMb, paidPerSecond, p99Ms, failed }: Sample): string =>
  `minute ${minute.toFixed(0).padStart(3)}: ${whole(memoryMb)} MB, heap used ${whole(heapUsedMb)} MB; ${whole(paidPerSecond)} paid/s, p99 ${short(p99Ms)} ms${failed > 0 ? `; ${failed} failed` : ''}`;

/** The figures of the memory, named. */
export function memoryRows({ memory }: SoakReport): (readonly [name: string, figure: string])[] {
  const mb = (figure: number | null): string => (figure === null ? '–' : `${whole(figure)} MB`);
  const slope = memory.slopeMbPerHour === null ? '–' : `${memory.slopeMbPerHour.toFixed(1)} MB per hour`;
  return [
    ['after 5 minutes', mb(memory.at5MinutesMb)],
    ['in the middle', mb(memory.middleMb)],
    ['at the end', mb(memory.endMb)],
    ['at most', mb(memory.maxMb)],
    ['slope of the second half', slope],
    [`target: below ${memory.targetMb} MB`, memory.reached ? 'reached' : 'missed'],
  ];
}

export const auditText = ({ audit }: SoakReport): string =>
  audit === null
    ? 'none'
    : `${audit.violations} violations, ${audit.pending} pending, ${whole(audit.paidOrders)} paid orders, in ${whole(audit.ms / 1_000)} s`;

/** For a terminal. */
export function soakText(report: SoakReport): string {
  const streams = STREAMS.map((stream) => {
    const { requests, p50Ms, p99Ms, maxMs, failed } = report.streams[stream];
    return `  ${stream.padEnd(38)}${whole(requests).padStart(11)} requests   p50 ${short(p50Ms)} ms   p99 ${short(p99Ms)} ms   max ${short(maxMs)} ms   ${failed} failed`;
  });
  return [
    `The shop's memory over ${report.minutes} minutes, ${report.rate} orders placed and paid a second:`,
    ...memoryRows(report).map(([name, figure]) => `  ${name.padEnd(38)}${figure}`),
    'Requests:',
    ...streams,
    ...report.problems.map((problem) => `✗ ${problem}`),
    `Audit: ${auditText(report)}.`,
  ].join('\n');
}
