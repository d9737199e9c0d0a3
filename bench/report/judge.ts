import type { Target } from '../scenarios/scenario.js';

/** The figures that a target can speak of. */
export interface Judged {
  readonly perSecond: number;
  readonly ratio: number | null;
  readonly goodput: number | null;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Verdict {
  /** `≥ 1.5 times pgbench`. */
  readonly text: string;
  /** Null: it could not be measured. */
  readonly reached: boolean | null;
}

const isAtLeast = (figure: number | null, least: number): boolean | null => (figure === null ? null : figure >= least);

/** One verdict for each figure that the target names. */
export function judge(target: Target | undefined, { perSecond, ratio, goodput, p50Ms, p99Ms }: Judged): readonly Verdict[] {
  const { ratioMin, perSecondMin, goodputMin, p50MsMax, p99MsMax } = target ?? {};
  const verdicts: Verdict[] = [];
  if (ratioMin !== undefined) verdicts.push({ text: `≥ ${ratioMin} × pgbench`, reached: isAtLeast(ratio, ratioMin) });
  if (perSecondMin !== undefined) verdicts.push({ text: `≥ ${perSecondMin}/s`, reached: isAtLeast(perSecond, perSecondMin) });
  if (goodputMin !== undefined) verdicts.push({ text: `≥ ${goodputMin * 100}% of peak`, reached: isAtLeast(goodput, goodputMin) });
  if (p50MsMax !== undefined) verdicts.push({ text: `p50 < ${p50MsMax} ms`, reached: p50Ms < p50MsMax });
  if (p99MsMax !== undefined) verdicts.push({ text: `p99 < ${p99MsMax} ms`, reached: p99Ms < p99MsMax });
  return verdicts;
}
