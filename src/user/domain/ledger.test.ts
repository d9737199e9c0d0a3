import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PaymentId, UserId } from '../../kernel/ids.js';
import { MONEY_MAX, money } from '../../kernel/money.js';
import {
  type Account,
  BALANCE_BY_HAND_MAX,
  decidePosting,
  decidePostings,
  type ManualPosting,
  type PaymentPosting,
  type Posting,
  type Verdict,
  voidOf,
} from './ledger.js';

const user = (id: number) => id as UserId;
const account = (id: number, balance: number | bigint): Account => ({ userId: user(id), balance: money(balance), version: 7 });
const payment = (userId: number, paymentId: number, amount: number): PaymentPosting => ({
  code: 'PAYMENT',
  userId: user(userId),
  paymentId: paymentId as PaymentId,
  amount: money(-amount),
  note: null,
});
const topUp = (userId: number, amount: number | bigint, idempotencyKey: string | null = null): ManualPosting => ({
  code: 'CHARGE',
  userId: user(userId),
  actorId: user(99),
  idempotencyKey,
  amount: money(amount),
  note: null,
});
const refusalOf = (verdict: Verdict | undefined) => (verdict?.ok === false ? verdict.refusal : undefined);

const USERS = 4;
const anyAccounts = fc
  .array(fc.integer({ min: 0, max: 500 }), { minLength: USERS, maxLength: USERS })
  .map((balances) => balances.map((balance, index) => account(index + 1, balance)));
/** Users 1 to 4 exist, 5 does not; few keys, so that requests repeat. */
const anyPosting = fc.oneof(
  fc
    .tuple(fc.integer({ min: 1, max: USERS + 1 }), fc.nat(), fc.integer({ min: 0, max: 300 }))
    .map(([userId, paymentId, amount]): Posting => payment(userId, paymentId, amount)),
  fc
    .tuple(fc.integer({ min: 1, max: USERS + 1 }), fc.integer({ min: -300, max: 300 }), fc.constantFrom(null, 'a', 'b'))
    .map(([userId, amount, key]): Posting => ({ ...topUp(userId, amount, key), code: 'ADJUST' })),
);
const anyPostings = fc.array(anyPosting, { maxLength: 40 });

describe('a payment', () => {
  test('takes the whole balance, and not one unit more', () => {
    expect(decidePosting(money(900), payment(1, 1, 900))).toEqual({ ok: true, value: { balance: 0n } });
    const refusal = refusalOf(decidePosting(money(899), payment(1, 1, 900)));
    expect(refusal).toMatchObject({ code: 'INSUFFICIENT_BALANCE', details: { required: 900, balance: 899 } });
  });

  test('of nothing leaves no entry, and answers the balance', () => {
    const { verdicts, changes } = decidePostings([account(1, 40)], [], [payment(1, 1, 0)]);
    expect(verdicts).toEqual([{ ok: true, value: { balance: 40n } }]);
    expect(changes).toEqual([]);
  });

  test('of nobody is refused, whatever it costs', () => {
    const { verdicts } = decidePostings([], [], [payment(3, 1, 0), payment(3, 2, 5)]);
    expect(verdicts.map((verdict) => refusalOf(verdict)?.code)).toEqual(['USER_NOT_FOUND', 'USER_NOT_FOUND']);
  });
});

describe('the limit of a balance', () => {
  test('stops a top-up', () => {
    expect(decidePosting(money(BALANCE_BY_HAND_MAX - 1n), topUp(1, 1)).ok).toBe(true);
    expect(refusalOf(decidePosting(money(BALANCE_BY_HAND_MAX), topUp(1, 1)))?.code).toBe('BALANCE_LIMIT_EXCEEDED');
  });

  test('leaves room for paying back, and a payment is never too much for it', () => {
    expect(decidePosting(money(BALANCE_BY_HAND_MAX), voidOf(payment(1, 1, 1_000_000))).ok).toBe(true);
    expect(decidePosting(money(MONEY_MAX), payment(1, 1, 1)).ok).toBe(true);
  });
});

describe('a repeated request', () => {
  test('gets the first answer and changes nothing, also within one batch', () => {
    const first = decidePostings([account(1, 0)], [], [topUp(1, 100, 'key'), topUp(1, 5), topUp(1, 100, 'key')]);
    expect(first.verdicts.map((verdict) => verdict.ok && verdict.value.balance)).toEqual([100n, 105n, 100n]);
    expect(first.changes[0]?.balance).toBe(105n);

    const again = decidePostings(
      [account(1, 105)],
      first.changes.flatMap(({ entries }) => entries),
      [topUp(1, 100, 'key')],
    );
    expect(again).toEqual({ verdicts: [{ ok: true, value: { balance: 100n } }], changes: [] });
  });

  test('that asks for something else is refused', () => {
    const { verdicts, changes } = decidePostings([account(1, 0)], [], [topUp(1, 100, 'key'), topUp(1, 101, 'key')]);
    expect(refusalOf(verdicts[1])?.code).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(changes[0]?.entries).toHaveLength(1);
  });

  test('is recognised per user and operator: another’s same key is another request', () => {
    const { verdicts } = decidePostings(
      [account(1, 0), account(2, 0)],
      [],
      [topUp(1, 100, 'key'), topUp(2, 100, 'key'), { ...topUp(1, 1, 'key'), actorId: user(98) }],
    );
    expect(verdicts.map((verdict) => verdict.ok && verdict.value.balance)).toEqual([100n, 100n, 101n]);
  });
});

describe('any batch', () => {
  test('keeps the books: balances are their entries’ sum, entries form a chain, nothing is below zero', () => {
    fc.assert(
      fc.property(anyAccounts, anyPostings, (accounts, postings) => {
        const { changes } = decidePostings(accounts, [], postings);
        for (const { from, balance, entries } of changes) {
          let at = from.balance;
          for (const { before, after, amount, userId } of entries) {
            expect([userId, before, after]).toEqual([from.userId, at, at + amount]);
            expect(amount).not.toBe(0n);
            expect(after).toBeGreaterThanOrEqual(0n);
            at = after;
          }
          expect(balance).toBe(at);
        }
      }),
    );
  });

  test('decides as its requests would one after the other', () => {
    fc.assert(
      fc.property(anyAccounts, anyPostings, (accounts, postings) => {
        const together = decidePostings(accounts, [], postings);

        const current = new Map(accounts.map((each) => [each.userId, each]));
        const entries: ReturnType<typeof decidePostings>['changes'][number]['entries'][number][] = [];
        const verdicts = postings.map((posting) => {
          const decided = decidePostings(current.values(), entries, [posting]);
          for (const change of decided.changes) {
            current.set(change.from.userId, { ...change.from, balance: change.balance });
            entries.push(...change.entries);
          }
          return decided.verdicts[0];
        });

        expect(together.verdicts).toEqual(verdicts);
        for (const { from, balance } of together.changes) expect(current.get(from.userId)?.balance).toBe(balance);
      }),
    );
  });

  test('charged and then voided leaves every balance as it was', () => {
    fc.assert(
      fc.property(anyAccounts, anyPostings, (accounts, postings) => {
        const charges = postings.filter((posting) => posting.code === 'PAYMENT');
        const charged = decidePostings(accounts, [], charges);
        const made = charged.changes.flatMap(({ entries }) => entries).filter((entry) => 'paymentId' in entry);
        const after = accounts.map((each) => ({
          ...each,
          balance: charged.changes.find(({ from }) => from.userId === each.userId)?.balance ?? each.balance,
        }));
        const voided = decidePostings(after, [], made.map(voidOf));

        expect(voided.verdicts.every(({ ok }) => ok)).toBe(true);
        const before = new Map(accounts.map(({ userId, balance }) => [userId, balance]));
        for (const { from, balance } of voided.changes) expect(balance).toBe(before.get(from.userId));
        expect(voided.changes.length).toBe(charged.changes.length);
      }),
    );
  });
});
