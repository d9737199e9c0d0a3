import { randomUUID } from 'node:crypto';
import { type Queryable } from '../../database/database.js';
import { Overloaded } from '../../kernel/faults.js';
import { MicroBatcher } from '../../messaging/micro-batcher.js';
import { type Claim, CLAIM_LEASE_SECONDS, ClaimLeases, columnsOf, RENEW_EVERY_MS } from './claim-leases.js';
import { type IdempotentRequest } from './idempotency-key.js';
import { CLAIM, COMPLETE, FIND, PURGE, RELEASE } from './idempotency-statements.js';

export const KEYS_KEPT_HOURS = 24;
const PURGE_ROWS_MAX = 5_000;
const CLAIM_ATTEMPTS_MAX = 3;
/** Bounds what one round of renewals carries. */
const RUNNING_CLAIMS_MAX = 10_000;
/** Never full, because only what was claimed is completed or released; and work that is done must not lose its answer to a full queue. */
const CLAIMS_ENDING_MAX = 2 * RUNNING_CLAIMS_MAX;

export interface StoredAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | null;
}

export type Claimed =
  | { readonly outcome: 'claimed'; readonly claim: string }
  | { readonly outcome: 'done'; readonly answer: StoredAnswer }
  | { readonly outcome: 'in-flight'; readonly retryAfterSeconds: number }
  | { readonly outcome: 'reused' };

interface Completion extends Claim {
  readonly answer: StoredAnswer;
}

interface FoundRow {
  readonly asker: string;
  readonly own: boolean;
  readonly same: boolean;
  readonly status: number | null;
  readonly contentType: string | null;
  readonly body: string | null;
  readonly retryAfterSeconds: number;
}

/**
 * The keys that clients sent, in the database, so that a repeat may reach another process. Requests that come at the
 * same time share statements.
 */
export class IdempotencyStore {
  private readonly leases: ClaimLeases;
  private readonly claiming = new MicroBatcher({ name: 'http.claim-keys', run: (batch: readonly Claim[]) => this.claimAll(batch) });
  private readonly completing = new MicroBatcher({
    name: 'http.complete-keys',
    run: (batch: readonly Completion[]) => this.completeAll(batch),
    queueRequestsMax: CLAIMS_ENDING_MAX,
  });
  private readonly releasing = new MicroBatcher({
    name: 'http.release-keys',
    run: (batch: readonly Claim[]) => this.releaseAll(batch),
    queueRequestsMax: CLAIMS_ENDING_MAX,
  });

  constructor(
    private readonly database: Queryable,
    { renewEveryMs = RENEW_EVERY_MS }: { readonly renewEveryMs?: number } = {},
  ) {
    this.leases = new ClaimLeases(database, renewEveryMs);
  }

  /** Until {@link complete} or {@link release} the claim is this process's, however long that takes. @throws Overloaded */
  async claim(request: IdempotentRequest): Promise<Claimed> {
    if (this.leases.size >= RUNNING_CLAIMS_MAX) throw new Overloaded('http.running-keys');
    const claim: Claim = { request, token: randomUUID() };
    const claimed = await this.claiming.submit(claim);
    if (claimed.outcome === 'claimed') this.leases.hold(claim);
    return claimed;
  }

  /** @returns false when somebody else has taken the claim over: then their answer counts. */
  async complete(request: IdempotentRequest, token: string, answer: StoredAnswer): Promise<boolean> {
    // Held until the answer stands: while it waits for a connection the lease could end.
    return this.completing.submit({ request, token, answer }).finally(() => this.leases.drop(token));
  }

  /** Frees the key: nothing happened that a repeat would double. */
  async release(request: IdempotentRequest, token: string): Promise<void> {
    await this.releasing.submit({ request, token }).finally(() => this.leases.drop(token));
  }

  /** Deletes keys past their time, a bounded number; answers how many it took. */
  async purge(): Promise<number> {
    const rows = await this.database.query<{ purged: number }>(PURGE, [KEYS_KEPT_HOURS, PURGE_ROWS_MAX]);
    return rows.length;
  }

  async onModuleDestroy(): Promise<void> {
    await this.leases.end();
  }

  private async claimAll(batch: readonly Claim[]): Promise<Claimed[]> {
    const verdicts = new Map<string, Claimed>();
    const undecided = () => batch.filter(({ token }) => !verdicts.has(token));
    for (let attempt = 1; attempt <= CLAIM_ATTEMPTS_MAX && verdicts.size < batch.length; attempt++) {
      // oxlint-disable-next-line no-await-in-loop -- each attempt sees what the one before has missed
      for (const token of await this.tryToClaim(undecided())) verdicts.set(token, { outcome: 'claimed', claim: token });
      // oxlint-disable-next-line no-await-in-loop -- as above
      for (const found of await this.find(undecided())) verdicts.set(found.asker, verdictOn(found));
    }
    // Released between the two statements, again and again: others are quicker.
    return batch.map(({ token }) => verdicts.get(token) ?? { outcome: 'in-flight', retryAfterSeconds: 1 });
  }

  private async tryToClaim(claims: readonly Claim[]): Promise<string[]> {
    const values = [...columnsOf(claims), fingerprintsOf(claims), CLAIM_LEASE_SECONDS, KEYS_KEPT_HOURS];
    return (await this.database.query<{ claim: string }>(CLAIM, values)).map(({ claim }) => claim);
  }

  private async find(claims: readonly Claim[]): Promise<FoundRow[]> {
    if (claims.length === 0) return [];
    return this.database.query<FoundRow>(FIND, [...columnsOf(claims), fingerprintsOf(claims)]);
  }

  private async completeAll(batch: readonly Completion[]): Promise<boolean[]> {
    const answers = batch.map(({ answer }) => answer);
    const rows = await this.database.query<{ claim: string }>(COMPLETE, [
      ...columnsOf(batch),
      answers.map(({ status }) => status),
      answers.map(({ contentType }) => contentType),
      answers.map(({ body }) => body),
    ]);
    const completed = new Set(rows.map(({ claim }) => claim));
    return batch.map(({ token }) => completed.has(token));
  }

  private async releaseAll(batch: readonly Claim[]): Promise<void[]> {
    await this.database.query(RELEASE, columnsOf(batch));
    return batch.map(() => undefined);
  }
}

const fingerprintsOf = (claims: readonly Claim[]): Buffer[] => claims.map(({ request }) => request.fingerprint);

function verdictOn({ asker, own, same, status, contentType, body, retryAfterSeconds }: FoundRow): Claimed {
  if (!same) return { outcome: 'reused' };
  if (status !== null) return { outcome: 'done', answer: { status, contentType: contentType ?? '', body } };
  if (own) return { outcome: 'claimed', claim: asker };
  return { outcome: 'in-flight', retryAfterSeconds };
}
