import type { PaymentId, UserId } from '../../kernel/ids.js';
import { type Money, MONEY_MAX, money, NO_MONEY, subtract, toJson } from '../../kernel/money.js';
import { ok, type Refusal, refuse, type Result } from '../../kernel/result.js';

/** A balance, and the version that a change of it was decided on. */
export interface Account {
  readonly userId: UserId;
  readonly balance: Money;
  readonly version: number;
}

/** Why a balance changes: topped up, paid, paid back, corrected. */
export type EntryCode = 'CHARGE' | 'PAYMENT' | 'REFUND' | 'ADJUST';

interface Change {
  readonly userId: UserId;
  /** Signed: what comes onto the balance. 0 changes nothing and writes no entry. */
  readonly amount: Money;
  readonly note: string | null;
}

export interface PaymentPosting extends Change {
  readonly code: 'PAYMENT' | 'REFUND';
  readonly paymentId: PaymentId;
}

/** A change by an operator's hand. Its key, when there is one, makes a repetition harmless. */
export interface ManualPosting extends Change {
  readonly code: 'CHARGE' | 'ADJUST';
  readonly actorId: UserId;
  readonly idempotencyKey: string | null;
}

export type Posting = PaymentPosting | ManualPosting;

/** One line of the ledger: a posting that was made. */
export type Entry = Posting & { readonly before: Money; readonly after: Money };

export type PostingRefusal = Refusal<'USER_NOT_FOUND' | 'INSUFFICIENT_BALANCE' | 'BALANCE_LIMIT_EXCEEDED' | 'IDEMPOTENCY_KEY_REUSED'>;

/** The balance after the posting. */
export type Verdict = Result<{ readonly balance: Money }, PostingRefusal>;

/** An account as a batch leaves it, with the entries that lead there from `from`. */
export interface AccountChange {
  readonly from: Account;
  readonly balance: Money;
  readonly entries: readonly Entry[];
}

/**
 * The most that an operator's hand can bring a balance to. Far below what a number can hold, so that paying back what
 * was charged before never meets the limit: a compensation must not fail.
 */
export const BALANCE_BY_HAND_MAX = 1_000_000_000_000_000n;

/** The account of the shop that the other half of an entry stands on. */
export const CONTRA_ACCOUNT: Readonly<Record<EntryCode, string>> = {
  CHARGE: 'external-funds',
  PAYMENT: 'sales',
  REFUND: 'sales',
  ADJUST: 'corrections',
};

/**
 * Decides postings in order: each sees the balance that those before it left. A refusal changes nothing and stops nobody.
 *
 * @param accounts those that exist, of all that the postings name.
 * @param made entries of earlier requests, in which a repeated one is recognised by its key.
 * @returns one verdict per posting, and the accounts that change.
 */
export function decidePostings(
  accounts: Iterable<Account>,
  made: Iterable<Entry>,
  postings: readonly Posting[],
): { readonly verdicts: Verdict[]; readonly changes: AccountChange[] } {
  const state = new Map(
    [...accounts].map((account) => [account.userId, { from: account, balance: account.balance, entries: [] as Entry[] }]),
  );
  const madeByKey = new Map([...made].map((entry) => [repetitionKey(entry), entry]));
  const verdicts = postings.map((posting): Verdict => {
    const account = state.get(posting.userId);
    if (!account) return refuse('USER_NOT_FOUND', `there is no user ${posting.userId}`);
    const key = repetitionKey(posting);
    const earlier = key === null ? undefined : madeByKey.get(key);
    if (earlier) return repeated(posting, earlier);
    const decided = decidePosting(account.balance, posting);
    if (!decided.ok) return decided;
    account.balance = decided.value.balance;
    if (posting.amount === 0n) return decided;
    const entry: Entry = { ...posting, before: subtract(account.balance, posting.amount), after: account.balance };
    account.entries.push(entry);
    if (key !== null) madeByKey.set(key, entry);
    return decided;
  });
  return { verdicts, changes: [...state.values()].filter(({ entries }) => entries.length > 0) };
}

/** Whether a balance takes a posting. A payment and a correction may not take what is not there. */
export function decidePosting(balance: Money, { code, amount }: Posting): Verdict {
  const after = balance + amount;
  if (after < 0n) {
    const required = toJson(subtract(NO_MONEY, amount));
    return refuse('INSUFFICIENT_BALANCE', `the balance of ${balance} does not cover ${required}`, { required, balance: toJson(balance) });
  }
  const max = code === 'REFUND' ? MONEY_MAX : BALANCE_BY_HAND_MAX;
  if (amount > 0n && after > max) {
    return refuse('BALANCE_LIMIT_EXCEEDED', `a balance may not exceed ${max}`, { limit: Number(max), balance: toJson(balance) });
  }
  return ok({ balance: money(after) });
}

/** What gives a charge back, all of it. */
export const voidOf = (charge: PaymentPosting): PaymentPosting => ({
  ...charge,
  code: 'REFUND',
  amount: subtract(NO_MONEY, charge.amount),
});

/** What makes two requests the same request; null when nothing does. */
export function repetitionKey(posting: Posting): string | null {
  if ('paymentId' in posting || posting.idempotencyKey === null) return null;
  return `${posting.userId} ${posting.actorId} ${posting.code} ${posting.idempotencyKey}`;
}

/** The answer that the first request got, unless this one asks for something else. */
function repeated(posting: Posting, earlier: Entry): Verdict {
  if (earlier.amount === posting.amount && earlier.note === posting.note) return ok({ balance: earlier.after });
  return refuse('IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key belongs to another request: send a new one');
}
