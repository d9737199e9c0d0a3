import { Logger } from '@nestjs/common';
import { type Queryable } from '../../database/database.js';
import { type IdempotentRequest } from './idempotency-key.js';
import { RENEW } from './idempotency-statements.js';

/** After a crash, repeats are told to wait no longer than this. */
export const CLAIM_LEASE_SECONDS = 10;
/** Two rounds may fail before a lease is over. */
export const RENEW_EVERY_MS = 3_000;
/** A handler that runs longer hangs, and must not keep its key for as long as the process lives. */
const CLAIM_RENEWED_SECONDS_MAX = 600;

/** One execution's right to a key. The token changes hands with it. */
export interface Claim {
  readonly request: IdempotentRequest;
  readonly token: string;
}

/**
 * The claims of this process, kept for as long as their handlers run.
 *
 * L1: every held claim is renewed, all of them by one statement, so nobody takes over what is still running (for up to 10 minutes).
 * L2: a dead process renews nothing: its claims are free when their lease is over. A process that ends in order frees them at once.
 * L3: no clock decides safety: a process that stalls past its lease may lose a claim, and then its token no longer
 *     fits, so that it cannot complete what its successor is doing.
 * L4: there is no timer while nothing is held, and never two rounds at a time.
 */
export class ClaimLeases {
  private readonly log = new Logger('idempotency');
  private readonly held = new Map<string, Claim>();
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> | undefined;
  private ended = false;

  constructor(
    private readonly database: Queryable,
    private readonly renewEveryMs: number,
  ) {}

  get size(): number {
    return this.held.size;
  }

  hold(claim: Claim): void {
    this.held.set(claim.token, claim);
    this.schedule();
  }

  drop(token: string): void {
    this.held.delete(token);
    if (this.held.size > 0) return;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** Frees what is left: those handlers end with the process. The same request may run again, and another one still may not. */
  async end(): Promise<void> {
    this.ended = true;
    clearTimeout(this.timer);
    await this.round;
    if (this.held.size === 0) return;
    await this.renew(0).catch((fault: unknown) => this.log.warn({ err: fault }, 'claimed keys stay until their lease ends'));
  }

  private schedule(): void {
    if (this.ended || this.timer || this.round || this.held.size === 0) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.round = this.renew(CLAIM_LEASE_SECONDS)
        .catch((fault: unknown) => this.log.warn({ err: fault }, 'claimed keys were not renewed: the next round tries again'))
        .finally(() => {
          this.round = undefined;
          this.schedule();
        });
    }, this.renewEveryMs).unref();
  }

  private async renew(leaseSeconds: number): Promise<void> {
    const claims = [...this.held.values()];
    const rows = await this.database.query<{ claim: string }>(RENEW, [...columnsOf(claims), leaseSeconds, CLAIM_RENEWED_SECONDS_MAX]);
    const renewed = new Set(rows.map(({ claim }) => claim));
    // Completed in this moment, taken over, or given up.
    for (const { token } of claims) if (!renewed.has(token)) this.drop(token);
  }
}

/** $1…$4 of the statements on several claims. */
export const columnsOf = (claims: readonly Claim[]): [number[], string[], string[], string[]] => [
  claims.map(({ request }) => request.userId),
  claims.map(({ request }) => request.route),
  claims.map(({ request }) => request.key),
  claims.map(({ token }) => token),
];
