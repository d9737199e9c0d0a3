import { BY_INDEX } from '../../database/by-index.js';
import { sql } from '../../database/database.js';

// $1…$3 are the keys (user, route, key), $4 the claims' tokens, one element per request. Whoever touches several rows
// takes them in the order of the primary key, so that batches of several processes wait for each other but never in a circle.
//
// Without BY_INDEX the whole table for every batch, until the next ANALYZE (measured, 200,000 keys: 117 ms for claim, completion
// and repeat of 32 requests, against 5 ms).

// Takes a free key, a key whose execution died (its lease is over), or a key that is due for the purge. Of equal keys in
// one batch the first counts: one statement cannot touch a row twice.
export const CLAIM = sql(
  'http.claim-idempotency-keys',
  `INSERT INTO shop_http.idempotency_key AS k (user_id, route, key, claim, fingerprint, claimed_until)
   SELECT DISTINCT ON (r.user_id, r.route, r.key)
          r.user_id, r.route, r.key, r.claim, r.fingerprint, now() + make_interval(secs => $6)
     FROM unnest($1::bigint[], $2::text[], $3::text[], $4::uuid[], $5::bytea[])
          WITH ORDINALITY AS r (user_id, route, key, claim, fingerprint, nth)
    ORDER BY r.user_id, r.route, r.key, r.nth
   ON CONFLICT (user_id, route, key) DO UPDATE
      SET fingerprint = excluded.fingerprint, claim = excluded.claim, claimed_until = excluded.claimed_until,
          status = NULL, content_type = NULL, body = NULL, created_at = now()
    WHERE (k.status IS NULL AND k.claimed_until < now() AND k.fingerprint = excluded.fingerprint)
       OR k.created_at < now() - make_interval(hours => $7)
   RETURNING k.claim`,
);

// `own`: the batch is run again after a fault, and its claim had been made all the same.
export const FIND = sql(
  'http.find-idempotency-keys',
  `SELECT r.claim AS asker, k.claim = r.claim AS own, k.fingerprint = r.fingerprint AS same,
          k.status, k.content_type AS "contentType", k.body,
          greatest(1, ceil(extract(epoch FROM k.claimed_until - now())))::int AS "retryAfterSeconds"
     FROM unnest($1::bigint[], $2::text[], $3::text[], $4::uuid[], $5::bytea[])
          WITH ORDINALITY AS r (user_id, route, key, claim, fingerprint, nth)
     JOIN shop_http.idempotency_key k USING (user_id, route, key)
    WHERE ${BY_INDEX}`,
);

// The token fences: an execution whose lease was taken over finds no row of its own.
export const COMPLETE = sql(
  'http.complete-idempotency-keys',
  `WITH mine AS (
     SELECT user_id, route, key, a.status, a.content_type, a.body
       FROM unnest($1::bigint[], $2::text[], $3::text[], $4::uuid[], $5::smallint[], $6::text[], $7::text[])
            WITH ORDINALITY AS a (user_id, route, key, claim, status, content_type, body, nth)
       JOIN shop_http.idempotency_key k USING (user_id, route, key, claim)
      WHERE ${BY_INDEX}
      ORDER BY user_id, route, key FOR UPDATE OF k
   )
   UPDATE shop_http.idempotency_key k SET status = mine.status, content_type = mine.content_type, body = mine.body
     FROM mine
    WHERE k.user_id = mine.user_id AND k.route = mine.route AND k.key = mine.key
   RETURNING k.claim`,
);

export const RELEASE = sql(
  'http.release-idempotency-keys',
  `WITH mine AS (
     SELECT user_id, route, key
       FROM unnest($1::bigint[], $2::text[], $3::text[], $4::uuid[]) WITH ORDINALITY AS c (user_id, route, key, claim, nth)
       JOIN shop_http.idempotency_key k USING (user_id, route, key, claim)
      WHERE ${BY_INDEX} AND k.status IS NULL
      ORDER BY user_id, route, key FOR UPDATE OF k
   )
   DELETE FROM shop_http.idempotency_key k USING mine
    WHERE k.user_id = mine.user_id AND k.route = mine.route AND k.key = mine.key`,
);

// No condition on the lease: one that ran out while nobody came is still ours, and whoever does come waits for this row.
export const RENEW = sql(
  'http.renew-idempotency-claims',
  `WITH mine AS (
     SELECT user_id, route, key
       FROM unnest($1::bigint[], $2::text[], $3::text[], $4::uuid[]) WITH ORDINALITY AS c (user_id, route, key, claim, nth)
       JOIN shop_http.idempotency_key k USING (user_id, route, key, claim)
      WHERE ${BY_INDEX} AND k.status IS NULL AND k.created_at > now() - make_interval(secs => $6)
      ORDER BY user_id, route, key FOR UPDATE OF k
   )
   UPDATE shop_http.idempotency_key k SET claimed_until = now() + make_interval(secs => $5)
     FROM mine
    WHERE k.user_id = mine.user_id AND k.route = mine.route AND k.key = mine.key
   RETURNING k.claim`,
);

export const PURGE = sql(
  'http.purge-idempotency-keys',
  `DELETE FROM shop_http.idempotency_key
    WHERE (user_id, route, key) IN (
      SELECT user_id, route, key FROM shop_http.idempotency_key
       WHERE created_at < now() - make_interval(hours => $1)
       ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)
   RETURNING 1 AS purged`,
);
