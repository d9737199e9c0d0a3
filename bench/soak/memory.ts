import { median } from '../report/median.js';

/** The shop's memory at one moment. */
export interface MemorySample {
  /** Since the load began. */
  readonly minute: number;
  /** Resident, in millions of bytes. */
  readonly memoryMb: number;
}

/** All in millions of bytes; null where no sample tells. */
export interface MemoryFigures {
  readonly at5MinutesMb: number | null;
  readonly middleMb: number | null;
  readonly endMb: number | null;
  readonly maxMb: number | null;
  readonly slopeMbPerHour: number | null;
}

const MINUTES_PER_HOUR = 60;
const EARLY_MINUTE = 5;

/** What is told of the memory over a run of so many minutes. The slope is that of its second half: a shop that has just begun is still growing into its caches. */
export function memoryFigures(samples: readonly MemorySample[], minutes: number): MemoryFigures {
  return {
    at5MinutesMb: memoryAt(samples, EARLY_MINUTE),
    middleMb: memoryAt(samples, minutes / 2),
    endMb: memoryAt(samples, minutes),
    maxMb: samples.length === 0 ? null : samples.reduce((max, { memoryMb }) => Math.max(max, memoryMb), 0),
    slopeMbPerHour: lineThrough(secondHalf(samples, minutes))?.slopeMbPerHour ?? null,
  };
}

export const secondHalf = (samples: readonly MemorySample[], minutes: number): MemorySample[] =>
  samples.filter(({ minute }) => minute > minutes / 2);

export interface Line {
  readonly slopeMbPerHour: number;
  readonly memoryMbAt: (minute: number) => number;
}

/** The line of least squares; null where two moments are wanting. */
export function lineThrough(samples: readonly MemorySample[]): Line | null {
  const mean = (of: (sample: MemorySample) => number): number => samples.reduce((sum, each) => sum + of(each), 0) / samples.length;
  const [minuteMean, memoryMean] = [mean(({ minute }) => minute), mean(({ memoryMb }) => memoryMb)];
  const spread = mean(({ minute }) => (minute - minuteMean) ** 2);
  if (!(spread > 0)) return null;
  const perMinute = mean(({ minute, memoryMb }) => (minute - minuteMean) * (memoryMb - memoryMean)) / spread;
  return { slopeMbPerHour: perMinute * MINUTES_PER_HOUR, memoryMbAt: (minute) => memoryMean + perMinute * (minute - minuteMean) };
}

/** The median of the minute that ends there: a single moment is as high as garbage stands just then. */
function memoryAt(samples: readonly MemorySample[], atMinute: number): number | null {
  // The last look comes a moment after the end of its interval.
  const around = samples.filter(({ minute }) => minute > atMinute - 0.95 && minute <= atMinute + 0.05);
  return around.length === 0 ? null : median(around.map(({ memoryMb }) => memoryMb));
}
