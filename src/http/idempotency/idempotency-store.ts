import { randomUUID } from 'node:crypto';
import { type Queryable, sql } from '../../database/database.js';

/** A claim outlives every handler that is not dead: requests are ended long before. */
export const CLAIM_LEASE_SECONDS = 60;
export const KEYS_KEPT_HOURS = 24;
const PURGE_ROWS_MAX = 5_000;
const CLAIM_ATTEMPTS_MAX = 3;

export interface IdempotentRequest {
  readonly userId: number;
  readonly route: string;
  readonly key: string;
  readonly fingerprint: Buffer;
}

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

// Takes a free key, a key whose first execution died (its lease is over), or a key that is due for the purge.
const CLAIM = sql(
  'http.claim-idempotency-key',
  `INSERT INTO shop_http.idempotency_key AS k (user_id, route, key, fingerprint, claim, claimed_until)
   VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))
   ON CONFLICT (user_id, route, key) DO UPDATE
      SET fingerprint = excluded.fingerprint, claim = excluded.claim, claimed_until = excluded.claimed_until,
          status = NULL, content_type = NULL, body = NULL, created_at = now()
    WHERE (k.status IS NULL AND k.claimed_until < now() AND k.fingerprint = excluded.fingerprint)
       OR k.created_at < now() - make_interval(hours => $7)
   RETURNING k.claim`,
);

const FIND = sql(
  'http.find-idempotency-key',
  `SELECT fingerprint = $4 AS same, status, content_type AS "contentType", body,
          greatest(1, ceil(extract(epoch FROM claimed_until - now())))::int AS "retryAfterSeconds"
     FROM shop_http.idempotency_key
    WHERE user_id = $1 AND route = $2 AND key = $3`,
);

const COMPLETE = sql(
  'http.complete-idempotency-key',
  `UPDATE shop_http.idempotency_key SET status = $5, content_type = $6, body = $7
    WHERE user_id = $1 AND route = $2 AND key = $3 AND claim = $4`,
);

const RELEASE = sql(
  'http.release-idempotency-key',
  `DELETE FROM shop_http.idempotency_key
    WHERE user_id = $1 AND route = $2 AND key = $3 AND claim = $4 AND status IS NULL`,
);

const PURGE = sql(
  'http.purge-idempotency-keys',
  `DELETE FROM shop_http.idempotency_key
    WHERE (user_id, route, key) IN (
      SELECT user_id, route, key FROM shop_http.idempotency_key
       WHERE created_at < now() - make_interval(hours => $1)
       ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)
   RETURNING 1 AS purged`,
);

interface FoundRow {
  readonly same: boolean;
  readonly status: number | null;
  readonly contentType: string | null;
  readonly body: string | null;
  readonly retryAfterSeconds: number;
}

/** The keys that clients sent, in the database, so that a repeat may reach another process. */
export class IdempotencyStore {
  constructor(private readonly database: Queryable) {}

  async claim(request: IdempotentRequest): Promise<Claimed> {
    const claim = randomUUID();
    for (let attempt = 1; ; attempt++) {
      // oxlint-disable-next-line no-await-in-loop -- each attempt sees what the one before has missed
      const rows = await this.database.query<{ claim: string }>(CLAIM, [
        ...keyOf(request),
        request.fingerprint,
        claim,
        CLAIM_LEASE_SECONDS,
        KEYS_KEPT_HOURS,
      ]);
      if (rows.length > 0) return { outcome: 'claimed', claim };
      // oxlint-disable-next-line no-await-in-loop -- as above
      const [found] = await this.database.query<FoundRow>(FIND, [...keyOf(request), request.fingerprint]);
      if (found) return verdictOn(found);
      // Released between the two statements: it is free now, unless others are as quick again.
      if (attempt >= CLAIM_ATTEMPTS_MAX) return { outcome: 'in-flight', retryAfterSeconds: 1 };
    }
  }

  async complete(request: IdempotentRequest, claim: string, { status, contentType, body }: StoredAnswer): Promise<void> {
    await this.database.query(COMPLETE, [...keyOf(request), claim, status, contentType, body]);
  }

  /** Frees the key: nothing happened that a repeat would double. */
  async release(request: IdempotentRequest, claim: string): Promise<void> {
    await this.database.query(RELEASE, [...keyOf(request), claim]);
  }

  /** Deletes keys past their time, a bounded number; answers how many it took. */
  async purge(): Promise<number> {
    const rows = await this.database.query<{ purged: number }>(PURGE, [KEYS_KEPT_HOURS, PURGE_ROWS_MAX]);
    return rows.length;
  }
}

const keyOf = ({ userId, route, key }: IdempotentRequest): [number, string, string] => [userId, route, key];

function verdictOn(found: FoundRow): Claimed {
  if (!found.same) return { outcome: 'reused' };
  if (found.status === null) return { outcome: 'in-flight', retryAfterSeconds: found.retryAfterSeconds };
  return { outcome: 'done', answer: { status: found.status, contentType: found.contentType ?? '', body: found.body } };
}
