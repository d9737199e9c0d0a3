export interface RateLimitVerdict {
  readonly allowed: boolean;
  /** Requests that may follow at once. */
  readonly remaining: number;
  /** Seconds until the whole allowance is there again. */
  readonly resetSeconds: number;
  /** Seconds until one more request is allowed; 0 when it is already. */
  readonly retryAfterSeconds: number;
}

const CALLERS_MAX = 100_000;
const WINDOW_MS = 60_000;
/** Sums of fractions of a minute come out a hair too high. */
const ROUNDING_MS = 0.001;

/**
 * Allows `perMinute` requests per caller and minute, all at once or spread (the generic cell rate algorithm): one number
 * per caller, the time at which its whole allowance is there again. No timer; what is in the past is as good as absent.
 */
export class RateLimiter {
  private readonly fullAgainAtMs = new Map<string | number, number>();
  private readonly costMs: number;

  constructor(
    readonly perMinute: number,
    private readonly callersMax = CALLERS_MAX,
  ) {
    this.costMs = WINDOW_MS / perMinute;
  }

  take(caller: string | number, nowMs: number): RateLimitVerdict {
    const before = Math.max(this.fullAgainAtMs.get(caller) ?? nowMs, nowMs);
    const after = before + this.costMs;
    const overdrawnMs = after - nowMs - WINDOW_MS;
    const allowed = overdrawnMs <= ROUNDING_MS;
    const spentMs = (allowed ? after : before) - nowMs;
    if (allowed) this.remember(caller, after, nowMs);
    return {
      allowed,
      remaining: Math.max(0, Math.floor((WINDOW_MS - spentMs + ROUNDING_MS) / this.costMs)),
      resetSeconds: Math.ceil(spentMs / 1_000),
      retryAfterSeconds: allowed ? 0 : Math.max(1, Math.ceil(overdrawnMs / 1_000)),
    };
  }

  private remember(caller: string | number, fullAgainAtMs: number, nowMs: number): void {
    if (this.fullAgainAtMs.size >= this.callersMax && !this.fullAgainAtMs.has(caller)) this.makeRoom(nowMs);
    this.fullAgainAtMs.set(caller, fullAgainAtMs);
  }

  private makeRoom(nowMs: number): void {
    for (const [caller, atMs] of this.fullAgainAtMs) if (atMs <= nowMs) this.fullAgainAtMs.delete(caller);
    if (this.fullAgainAtMs.size < this.callersMax) return;
    // So many busy callers at once is an attack: forgetting a tenth of them costs less than forgetting none.
    let toForget = Math.ceil(this.callersMax / 10);
    for (const caller of this.fullAgainAtMs.keys()) {
      if (toForget-- <= 0) return;
      this.fullAgainAtMs.delete(caller);
    }
  }
}
