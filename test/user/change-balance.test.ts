import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { PaymentId, UserId } from '../../src/kernel/ids.js';
import { BALANCE_BY_HAND_MAX } from '../../src/user/domain/ledger.js';
import { OPERATOR_ID, UserDomain } from './user-domain.js';

let shop: UserDomain;
let other: UserDomain;
beforeAll(async () => {
  shop = await UserDomain.start();
  other = await shop.another();
});
afterAll(async () => {
  await other.stop();
  await shop.stop();
});
afterEach(() => shop.assertCleanBooks());

describe('a top-up', () => {
  test('of 200 at once in two processes, every one counts', async () => {
    const userId = await shop.customer();
    const balances = await Promise.all(Array.from({ length: 200 }, (_, index) => (index % 2 ? shop : other).topUp(userId, 5)));
    expect(balances.toSorted((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 200 }, (_, index) => (index + 1) * 5));
  });

  test('that is repeated with its key counts once, in whichever process the repeats arrive', async () => {
    const userId = await shop.customer();
    const idempotencyKey = crypto.randomUUID();
    const repeats = Array.from({ length: 50 }, (_, index) => (index % 2 ? shop : other).topUp(userId, 100, { idempotencyKey }));
    expect(new Set(await Promise.all(repeats))).toEqual(new Set([100]));
    expect(await shop.topUp(userId, 100, { idempotencyKey })).toBe(100);
    expect(await shop.balance(userId)).toBe(100);
  });

  test('with the key of another top-up is refused', async () => {
    const userId = await shop.customer();
    const idempotencyKey = crypto.randomUUID();
    expect(await shop.topUp(userId, 100, { idempotencyKey })).toBe(100);
    expect(await shop.topUp(userId, 101, { idempotencyKey })).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(await shop.balance(userId)).toBe(100);
  });

  test('of nobody is refused and leaves no entry', async () => {
    expect(await shop.topUp(123_456_789, 5)).toBe('USER_NOT_FOUND');
  });

  test('ends at the limit of a balance', async () => {
    const userId = await shop.customer(Number(BALANCE_BY_HAND_MAX) - 3);
    expect(await shop.topUp(userId, 4)).toBe('BALANCE_LIMIT_EXCEEDED');
    expect(await shop.topUp(userId, 3)).toBe(Number(BALANCE_BY_HAND_MAX));
  });
});

describe('an adjustment', () => {
  test('takes what is there, and not more', async () => {
    const userId = await shop.customer(100);
    expect(await shop.topUp(userId, -101, { code: 'ADJUST' })).toBe('INSUFFICIENT_BALANCE');
    expect(await shop.topUp(userId, -100, { code: 'ADJUST' })).toBe(0);
    expect(await shop.entries(userId)).toEqual([
      ['CHARGE', 100],
      ['ADJUST', -100],
    ]);
  });
});

describe('the history', () => {
  const page = async (userId: UserId, filter: Partial<Parameters<UserDomain['queries']['entries']>[1]> = {}) =>
    (await shop.queries.entries(userId, { rowsMax: 100, ...filter })) ?? [];

  test('is read newest first, page by page, without a gap or a repeat', async () => {
    const userId = await shop.customer(1_000);
    for (let amount = 1; amount <= 24; amount++) {
      await shop.topUp(userId, amount, { code: amount % 3 ? 'CHARGE' : 'ADJUST' });
    }
    const amounts: number[] = [];
    let after: { createdAt: string; logId: number } | undefined;
    for (;;) {
      const rows = await page(userId, { after, rowsMax: 7 });
      const last = rows.at(-1);
      if (!last) break;
      amounts.push(...rows.map(({ amount }) => amount));
      after = { createdAt: last.createdAt.toISOString(), logId: last.logId };
    }
    expect(amounts).toEqual([...Array.from({ length: 24 }, (_, index) => 24 - index), 1_000]);
  });

  test('is filtered by code, by payment and by time', async () => {
    const userId = await shop.customer(1_000);
    await shop.pay({ paymentId: 71, userId, amount: 10 });
    await shop.pay({ paymentId: 72, userId, amount: 20 });
    await shop.fail(72);
    const [refund] = await page(userId, { code: 'REFUND' });
    expect(refund).toMatchObject({ amount: 20, refId: 72, note: 'order 72' });
    expect((await page(userId, { code: 'PAYMENT' })).map(({ amount }) => amount)).toEqual([-20, -10]);
    expect((await page(userId, { refId: 72 as PaymentId })).map(({ amount }) => amount)).toEqual([20, -20]);
    expect((await page(userId, { refId: 72 as PaymentId, code: 'PAYMENT' })).map(({ amount }) => amount)).toEqual([-20]);

    const at = refund?.createdAt as Date;
    expect((await page(userId, { from: at })).map(({ amount }) => amount)).toContain(20);
    expect((await page(userId, { to: at })).map(({ amount }) => amount)).not.toContain(20);
    expect(await page(userId, { from: new Date(at.getTime() + 60_000) })).toEqual([]);
  });

  test('of another user’s payment is empty, and nobody has none', async () => {
    const [payer, onlooker] = [await shop.customer(10), await shop.customer()];
    await shop.pay({ paymentId: 81, userId: payer, amount: 10 });
    expect(await page(onlooker, { refId: 81 as PaymentId })).toEqual([]);
    expect(await shop.queries.entries(123_456_789 as UserId, { rowsMax: 10 })).toBeNull();
  });
});

describe('the ledger', () => {
  test.each([
    'UPDATE shop_user.ledger_entry SET note = $1',
    'DELETE FROM shop_user.ledger_entry WHERE note = $1',
    'UPDATE shop_user.contra_entry SET account = $1',
    'DELETE FROM shop_user.contra_entry WHERE account = $1',
  ])('refuses %s', async (statement) => {
    await expect(shop.rows(statement, ['changed'])).rejects.toThrow('append-only');
  });

  test.each(['TRUNCATE shop_user.ledger_entry', 'TRUNCATE shop_user.contra_entry'])('refuses %s', async (statement) => {
    await expect(shop.rows(statement)).rejects.toThrow('append-only');
  });

  test('takes no entry that does not add up', async () => {
    const userId = await shop.customer(100);
    const insert = `INSERT INTO shop_user.ledger_entry (user_id, amount, before_amount, after_amount, code, contra_account, actor_id)
                    VALUES ($1, $2, 100, $3, $4, 'corrections', $5)`;
    const wrong = [
      [0, 100, 'ADJUST'],
      [5, 106, 'ADJUST'],
      [-101, -1, 'ADJUST'],
      [-5, 95, 'CHARGE'],
      [5, 105, 'PAYMENT'],
      [5, 105, 'GIFT'],
    ];
    await Promise.all(
      wrong.map(([amount, after, code]) =>
        expect(shop.rows(insert, [userId, amount, after, code, OPERATOR_ID])).rejects.toThrow('check constraint'),
      ),
    );
  });
});
