import type { SnapshotSession } from '../database/snapshot-session.js';

export interface Addresses {
  readonly url: string;
  /** `DATABASE_URL_<DOMAIN>`, as for the shop. */
  readonly domainUrls?: Readonly<Record<string, string>>;
}

/** One database at one moment. */
export interface Book {
  /** Host and database, for a reader. */
  readonly name: string;
  readonly domains: readonly string[];
  readonly session: SnapshotSession;
  readonly at: Date;
}

/** All databases of a shop. Where there is only one, `others` and `logs` are empty. */
export interface Books {
  /** That of the order domain, with which the other domains are compared. */
  readonly home: Book;
  readonly others: readonly Book[];
  /** The others once more, later: for their logs. */
  readonly logs: readonly Book[];
}

/** The books cannot be read, so nothing is known about them. The message tells the remedy. */
export class CannotAudit extends Error {
  override readonly name = 'CannotAudit';
}

/** Somebody else asked for one at a time, and had not finished. */
export class AuditInProgress extends Error {
  override readonly name = 'AuditInProgress';
}
