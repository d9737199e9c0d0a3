export const RETRY_DELAY_MS_MIN = 100;
export const RETRY_DELAY_MS_MAX = 60_000;

/** The pause before attempt `failures + 1`: doubling from 100 ms, capped at 60 s, between half and all of it at random. */
export function retryDelayMs(failures: number, random: () => number = Math.random): number {
  const full = Math.min(RETRY_DELAY_MS_MAX, RETRY_DELAY_MS_MIN * 2 ** Math.min(failures - 1, 20));
  return full * (0.5 + 0.5 * random());
}
