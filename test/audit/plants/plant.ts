/** Breaks what its check is for, and nothing else: whatever it touches elsewhere is kept consistent. */
export interface Plant {
  readonly check: string;
  readonly what: string;
  readonly sql: string;
  /** Told to the data platform as well: a day, and orders. */
  readonly delivered?: readonly [day: string, ...orderIds: number[]];
  /** The whole sentences that the check answers, and so the ids and the numbers. */
  readonly sentences: readonly string[];
}
