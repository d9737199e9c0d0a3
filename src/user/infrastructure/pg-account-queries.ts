import { Injectable } from '@nestjs/common';
import { DomainDatabase, sql } from '../../database/database.js';
import type { UserId } from '../../kernel/ids.js';
import { AccountQueries, type EntryFilter, type EntryRow, type ProfileRow } from '../application/account-queries.port.js';
import type { EntryCode } from '../domain/ledger.js';

const CODES: readonly EntryCode[] = ['CHARGE', 'PAYMENT', 'REFUND', 'ADJUST'];

const PROFILE_COLUMNS = 'id AS "userId", email, role, balance, created_at AS "createdAt"';
const ENTRY_COLUMNS = `id AS "logId", amount, before_amount AS "beforeAmount", after_amount AS "afterAmount", code, note,
  payment_id AS "refId", created_at AS "createdAt"`;

const PROFILE = sql('user.read-profile', `SELECT ${PROFILE_COLUMNS} FROM shop_user.account WHERE id = $1`);

// A range instead of LIKE, so that one plan serves every beginning; U&'\+10FFFF' sorts behind everything that may follow it.
const PROFILES = sql(
  'user.list-profiles',
  `SELECT ${PROFILE_COLUMNS} FROM shop_user.account
   WHERE email >= $1 AND email < $1 || U&'\\+10FFFF' AND email > $2
   ORDER BY email LIMIT $3`,
);

// One short walk along the index per code, then merged: a code that is rare among a million entries is found as fast.
const HISTORY = sql(
  'user.list-entries',
  `SELECT e.*
   FROM unnest($2::text[]) AS wanted (code)
   CROSS JOIN LATERAL (
     SELECT ${ENTRY_COLUMNS} FROM shop_user.ledger_entry
     WHERE user_id = $1 AND code = wanted.code
       AND created_at >= coalesce($3::timestamptz, '-infinity') AND created_at < coalesce($4::timestamptz, 'infinity')
       AND (created_at, id) < (coalesce($5::timestamptz, 'infinity'), $6::bigint)
     ORDER BY created_at DESC, id DESC LIMIT $7
   ) e
   ORDER BY e."createdAt" DESC, e."logId" DESC LIMIT $7`,
);

// A payment has two entries at most.
const OF_PAYMENT = sql(
  'user.list-entries-of-payment',
  `SELECT ${ENTRY_COLUMNS} FROM shop_user.ledger_entry
   WHERE payment_id = $8 AND user_id = $1 AND code = ANY ($2::text[])
     AND created_at >= coalesce($3::timestamptz, '-infinity') AND created_at < coalesce($4::timestamptz, 'infinity')
     AND (created_at, id) < (coalesce($5::timestamptz, 'infinity'), $6::bigint)
   ORDER BY created_at DESC, id DESC LIMIT $7`,
);

@Injectable()
export class PgAccountQueries extends AccountQueries {
  constructor(private readonly database: DomainDatabase) {
    super();
  }

  override async profile(userId: UserId): Promise<ProfileRow | null> {
    const [row] = await this.database.query<ProfileRow>(PROFILE, [userId]);
    return row ?? null;
  }

  override async entries(userId: UserId, { from, to, code, refId, after, rowsMax }: EntryFilter): Promise<readonly EntryRow[] | null> {
    const values = [userId, code ? [code] : CODES, from, to, after?.createdAt, after?.logId ?? Number.MAX_SAFE_INTEGER, rowsMax];
    const rows =
      refId === undefined
        ? await this.database.query<EntryRow>(HISTORY, values)
        : await this.database.query<EntryRow>(OF_PAYMENT, [...values, refId]);
    return rows.length > 0 || (await this.profile(userId)) ? rows : null;
  }

  override profiles({
    emailPrefix,
    afterEmail,
    rowsMax,
  }: {
    emailPrefix: string;
    afterEmail: string;
    rowsMax: number;
  }): Promise<readonly ProfileRow[]> {
    return this.database.query<ProfileRow>(PROFILES, [emailPrefix, afterEmail, rowsMax]);
  }
}
