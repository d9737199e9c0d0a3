import { Injectable } from '@nestjs/common';
import { DomainDatabase, pgTransaction, sql } from '../../database/database.js';
import { REFRESH_TOKEN_SECONDS } from '../../http/auth/token-service.js';
import type { UserId } from '../../kernel/ids.js';
import type { Transaction } from '../../kernel/transaction.js';
import type { Role } from '../domain/account.js';
import { type Session, SessionRepository } from '../domain/session.repository.js';

const SESSIONS_PER_USER_MAX = 20;
/** How long a client may take to ask again when the answer to its exchange was lost. */
const REPEAT_SECONDS_MAX = 10;
/** Spent tokens that a session remembers. A thief with an older one is refused, but does not end the session. */
const TOKENS_PER_SESSION_MAX = 100;
const PURGE_ROWS_MAX = 1_000;

const OPEN = sql(
  'user.open-session',
  `WITH opened AS (
     INSERT INTO shop_user.refresh_session (user_id, expires_at) VALUES ($1, now() + make_interval(secs => $3)) RETURNING id
   )
   INSERT INTO shop_user.refresh_token (token_hash, session_id) SELECT $2, id FROM opened`,
);

const END_OLDEST = sql(
  'user.end-oldest-sessions',
  `DELETE FROM shop_user.refresh_session WHERE id = ANY (ARRAY(
     SELECT id FROM shop_user.refresh_session WHERE user_id = $1 ORDER BY last_used_at DESC, id DESC OFFSET $2 FOR UPDATE SKIP LOCKED))`,
);

// Both rows are locked: whoever waited here for another exchange must see that the token is spent now.
const LOCK_BY_TOKEN = sql(
  'user.lock-session',
  `SELECT s.id, s.user_id, a.role, t.spent_at IS NULL AS live, t.spent_at > now() - make_interval(secs => $2) AS spent_just_now
   FROM shop_user.refresh_token t
   JOIN shop_user.refresh_session s ON s.id = t.session_id
   JOIN shop_user.account a ON a.id = s.user_id
   WHERE t.token_hash = $1 AND s.expires_at > now()
   FOR UPDATE OF s, t`,
);

const SPEND = sql('user.spend-token', 'UPDATE shop_user.refresh_token SET spent_at = now() WHERE session_id = $1 AND spent_at IS NULL');

const PROLONG = sql(
  'user.prolong-session',
  `WITH prolonged AS (
     UPDATE shop_user.refresh_session SET last_used_at = now(), expires_at = now() + make_interval(secs => $3) WHERE id = $1
   ), forgotten AS (
     DELETE FROM shop_user.refresh_token WHERE token_hash = ANY (ARRAY(
       SELECT token_hash FROM shop_user.refresh_token WHERE session_id = $1 ORDER BY issued_at DESC OFFSET $4))
   )
   INSERT INTO shop_user.refresh_token (token_hash, session_id) VALUES ($2, $1)`,
);

const END = sql('user.end-session', 'DELETE FROM shop_user.refresh_session WHERE id = $1');
const END_ALL = sql('user.end-sessions', 'DELETE FROM shop_user.refresh_session WHERE user_id = $1');

const PURGE = sql(
  'user.purge-sessions',
  `DELETE FROM shop_user.refresh_session WHERE id = ANY (ARRAY(
     SELECT id FROM shop_user.refresh_session WHERE expires_at < now() ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED))
   RETURNING 1 AS purged`,
);

interface SessionRow {
  readonly id: number;
  readonly user_id: UserId;
  readonly role: Role;
  readonly live: boolean;
  readonly spent_just_now: boolean | null;
}

@Injectable()
export class PgSessionRepository extends SessionRepository {
  constructor(private readonly database: DomainDatabase) {
    super();
  }

  override async open(tx: Transaction, userId: UserId, tokenHash: Buffer): Promise<void> {
    await pgTransaction(tx).query(OPEN, [userId, tokenHash, REFRESH_TOKEN_SECONDS]);
    await pgTransaction(tx).query(END_OLDEST, [userId, SESSIONS_PER_USER_MAX]);
  }

  override async lockByToken(tx: Transaction, tokenHash: Buffer): Promise<Session | null> {
    const [row] = await pgTransaction(tx).query<SessionRow>(LOCK_BY_TOKEN, [tokenHash, REPEAT_SECONDS_MAX]);
    if (!row) return null;
    const token = row.live ? 'live' : row.spent_just_now ? 'spent-just-now' : 'spent';
    return { sessionId: row.id, userId: row.user_id, role: row.role, token };
  }

  override async rotate(tx: Transaction, sessionId: number, tokenHash: Buffer): Promise<void> {
    await pgTransaction(tx).query(SPEND, [sessionId]);
    await pgTransaction(tx).query(PROLONG, [sessionId, tokenHash, REFRESH_TOKEN_SECONDS, TOKENS_PER_SESSION_MAX]);
  }

  override async end(tx: Transaction, sessionId: number): Promise<void> {
    await pgTransaction(tx).query(END, [sessionId]);
  }

  override async endAllOf(tx: Transaction, userId: UserId): Promise<void> {
    await pgTransaction(tx).query(END_ALL, [userId]);
  }

  override async purge(): Promise<number> {
    return (await this.database.query<{ purged: number }>(PURGE, [PURGE_ROWS_MAX])).length;
  }
}
