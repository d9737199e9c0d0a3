/** What a closed loop of requests came to. */
export interface Figures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Runs `act` for each of `subjects`, `clients` at a time. */
export async function measure<T>(subjects: readonly T[], clients: number, act: (subject: T) => Promise<void>): Promise<Figures> {
  const latenciesMs: number[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < subjects.length) {
      const subject = subjects[next++] as T;
      const from = performance.now();
      await act(subject);
      latenciesMs.push(performance.now() - from);
    }
  };
  const from = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - from) / 1_000;
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  return { perSecond: sorted.length / seconds, p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99) };
}

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
