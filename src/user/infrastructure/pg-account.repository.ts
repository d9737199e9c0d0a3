import { Injectable } from '@nestjs/common';
import { BY_INDEX } from '../../database/by-index.js';
import { pgTransaction, sql } from '../../database/database.js';
import type { PaymentId, UserId } from '../../kernel/ids.js';
import { money } from '../../kernel/money.js';
import type { Transaction } from '../../kernel/transaction.js';
import { AccountRepository } from '../domain/account.repository.js';
import { type Account, type AccountChange, CONTRA_ACCOUNT, type Entry, type ManualPosting, type PaymentPosting } from '../domain/ledger.js';

const READ = sql('user.read-balances', `SELECT id, balance, version FROM shop_user.account WHERE id = ANY ($1::bigint[])`);

// The rows are locked in order of their ids before any is written, matching or not: writers that meet on two accounts
// never wait for each other in a circle, and the loser's next attempt reads what it has locked. The last line asks for all
// of `locked`, because PostgreSQL runs a SELECT only as far as somebody reads it: none of it when no version matches.
const SAVE = sql(
  'user.save-balances',
  `WITH change AS (
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS c (id, version, balance)
   ), locked AS MATERIALIZED (
     SELECT id, version FROM shop_user.account WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE
   ), saved AS (
     UPDATE shop_user.account a SET balance = c.balance, version = a.version + 1
     FROM change c JOIN locked l ON l.id = c.id AND l.version = c.version
     WHERE a.id = c.id AND a.version = c.version
     RETURNING a.id
   ), entered AS (
     INSERT INTO shop_user.ledger_entry
       (user_id, amount, before_amount, after_amount, code, contra_account, payment_id, actor_id, idempotency_key, note)
     SELECT e.user_id, e.amount, e.before_amount, e.after_amount, e.code, e.contra_account, e.payment_id, e.actor_id, e.idempotency_key, e.note
     FROM unnest($4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::text[], $13::text[])
       WITH ORDINALITY
       AS e (user_id, amount, before_amount, after_amount, code, contra_account, payment_id, actor_id, idempotency_key, note, ordinal)
     JOIN saved ON saved.id = e.user_id
     ORDER BY e.ordinal
   )
   SELECT id, saved.id IS NOT NULL AS saved FROM locked LEFT JOIN saved USING (id)`,
);

const FIND_REPEATED = sql(
  'user.find-repeated-entries',
  `SELECT e.user_id, e.amount, e.before_amount, e.after_amount, e.code, e.actor_id, e.idempotency_key, e.note
   FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[]) WITH ORDINALITY AS wanted (idempotency_key, user_id, actor_id, code, nth)
   JOIN shop_user.ledger_entry e USING (idempotency_key, user_id, actor_id, code)
   WHERE ${BY_INDEX}`,
);

const FIND_CHARGES = sql(
  'user.find-charges',
  `SELECT user_id, amount, payment_id, note FROM shop_user.ledger_entry
   WHERE payment_id = ANY ($1::bigint[]) AND code = 'PAYMENT'
   ORDER BY id`,
);

interface RepeatedRow {
  readonly user_id: UserId;
  readonly amount: number;
  readonly before_amount: number;
  readonly after_amount: number;
  readonly code: 'CHARGE' | 'ADJUST';
  readonly actor_id: UserId;
  readonly idempotency_key: string;
  readonly note: string | null;
}

@Injectable()
export class PgAccountRepository extends AccountRepository {
  override async read(tx: Transaction, userIds: readonly UserId[]): Promise<readonly Account[]> {
    const rows = await pgTransaction(tx).query<{ id: UserId; balance: number; version: number }>(READ, [userIds]);
    return rows.map(({ id, balance, version }) => ({ userId: id, balance: money(balance), version }));
  }

  override async save(tx: Transaction, changes: readonly AccountChange[]): Promise<ReadonlySet<UserId>> {
    if (changes.length === 0) return new Set();
    const entries = changes.flatMap((change) => change.entries);
    const rows = await pgTransaction(tx).query<{ id: UserId; saved: boolean }>(SAVE, [
      changes.map(({ from }) => from.userId),
      changes.map(({ from }) => from.version),
      changes.map(({ balance }) => balance),
      entries.map(({ userId }) => userId),
      entries.map(({ amount }) => amount),
      entries.map(({ before }) => before),
      entries.map(({ after }) => after),
      entries.map(({ code }) => code),
      entries.map(({ code }) => CONTRA_ACCOUNT[code]),
      entries.map((entry) => ('paymentId' in entry ? entry.paymentId : null)),
      entries.map((entry) => ('actorId' in entry ? entry.actorId : null)),
      entries.map((entry) => ('idempotencyKey' in entry ? entry.idempotencyKey : null)),
      entries.map(({ note }) => note),
    ]);
    return new Set(rows.filter(({ saved }) => saved).map(({ id }) => id));
  }

  override async findRepeated(tx: Transaction, postings: readonly ManualPosting[]): Promise<readonly Entry[]> {
    if (postings.length === 0) return [];
    const rows = await pgTransaction(tx).query<RepeatedRow>(FIND_REPEATED, [
      postings.map(({ idempotencyKey }) => idempotencyKey),
      postings.map(({ userId }) => userId),
      postings.map(({ actorId }) => actorId),
      postings.map(({ code }) => code),
    ]);
    return rows.map((row) => ({
      code: row.code,
      userId: row.user_id,
      actorId: row.actor_id,
      idempotencyKey: row.idempotency_key,
      note: row.note,
      amount: money(row.amount),
      before: money(row.before_amount),
      after: money(row.after_amount),
    }));
  }

  override async findCharges(tx: Transaction, paymentIds: readonly PaymentId[]): Promise<readonly PaymentPosting[]> {
    if (paymentIds.length === 0) return [];
    const rows = await pgTransaction(tx).query<{ user_id: UserId; amount: number; payment_id: PaymentId; note: string | null }>(
      FIND_CHARGES,
      [paymentIds],
    );
    return rows.map((row) => ({
      code: 'PAYMENT',
      userId: row.user_id,
      paymentId: row.payment_id,
      amount: money(row.amount),
      note: row.note,
    }));
  }
}
