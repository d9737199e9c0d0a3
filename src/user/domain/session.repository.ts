import type { UserId } from '../../kernel/ids.js';
import type { Transaction } from '../../kernel/transaction.js';
import type { Identity } from './account.js';

/** A login, found by one of its refresh tokens. */
export interface Session extends Identity {
  readonly sessionId: number;
  /** `spent-just-now`: exchanged within the last seconds, so perhaps by the same client, whose answer was lost. */
  readonly token: 'live' | 'spent-just-now' | 'spent';
}

/** The logins that can be prolonged, with the hashes of their refresh tokens. */
export abstract class SessionRepository {
  /** Opens a session, and ends the user's oldest beyond a bounded number. */
  abstract open(tx: Transaction, userId: UserId, tokenHash: Buffer): Promise<void>;

  /** The session that the token belongs to, locked; null when there is none, or it has expired. The role is the present one. */
  abstract lockByToken(tx: Transaction, tokenHash: Buffer): Promise<Session | null>;

  /** Puts a new live token in the place of the one before, and prolongs the session. */
  abstract rotate(tx: Transaction, sessionId: number, tokenHash: Buffer): Promise<void>;

  abstract end(tx: Transaction, sessionId: number): Promise<void>;

  abstract endAllOf(tx: Transaction, userId: UserId): Promise<void>;

  /** Deletes expired sessions, a bounded number. @returns how many it took. */
  abstract purge(): Promise<number>;
}
