import type { PaymentId, UserId } from '../../kernel/ids.js';
import type { Role } from '../domain/account.js';
import type { EntryCode } from '../domain/ledger.js';

export interface ProfileRow {
  readonly userId: UserId;
  readonly email: string;
  readonly role: Role;
  readonly balance: number;
  readonly createdAt: Date;
}

export interface EntryRow {
  readonly logId: number;
  readonly amount: number;
  readonly beforeAmount: number;
  readonly afterAmount: number;
  readonly code: EntryCode;
  readonly note: string | null;
  readonly refId: PaymentId | null;
  readonly createdAt: Date;
}

export interface EntryFilter {
  /** Inclusive. */
  readonly from?: Date | undefined;
  /** Exclusive. */
  readonly to?: Date | undefined;
  readonly code?: EntryCode | undefined;
  readonly refId?: PaymentId | undefined;
  /** The last entry of the page before. */
  readonly after?: { readonly createdAt: string; readonly logId: number } | undefined;
  readonly rowsMax: number;
}

/** Reads for people: straight from the tables, past the domain. */
export abstract class AccountQueries {
  abstract profile(userId: UserId): Promise<ProfileRow | null>;

  /** Newest first; null when there is no such user. */
  abstract entries(userId: UserId, filter: EntryFilter): Promise<readonly EntryRow[] | null>;

  /** In order of their addresses, those that begin with `emailPrefix` and follow `afterEmail`. */
  abstract profiles(filter: {
    readonly emailPrefix: string;
    readonly afterEmail: string;
    readonly rowsMax: number;
  }): Promise<readonly ProfileRow[]>;
}
