/**
 * Where in a piece of work a crash is worth trying. The log is appended to, and the cursor moved, right before the commit; hints go
 * out right after it, with nothing between that outlives the process.
 */
export type FailpointPlace =
  | 'before append'
  | 'before cursor'
  | 'before removal'
  | 'before commit'
  | 'during commit'
  | 'after commit'
  | 'before statement'
  | 'after statement'
  | 'before effect'
  | 'after effect';

let reached: ((name: string) => void) | null = null;

/**
 * A named place at which the tests of crashes kill the process, or make it fail: `order.begin-payment: before commit`.
 * Nobody arms it in production, where it is a comparison with null. Work without a name has no failpoints.
 */
export function failpoint(work: string | undefined, place: FailpointPlace): void {
  if (reached !== null && work !== undefined) reached(`${work}: ${place}`);
}

/** For tests only. What `onReached` throws is a fault at that place. */
export function armFailpoints(onReached: (name: string) => void): void {
  reached = onReached;
}
