import { afterAll, beforeAll, expect, test } from 'vitest';
import { pgTransaction, sql } from '../../src/database/database.js';
import type { UserId } from '../../src/kernel/ids.js';
import { money } from '../../src/kernel/money.js';
import { type AccountChange, decidePostings } from '../../src/user/domain/ledger.js';
import { PgAccountRepository } from '../../src/user/infrastructure/pg-account.repository.js';
import { OPERATOR_ID, UserDomain } from './user-domain.js';

const accounts = new PgAccountRepository();

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

/** A top-up of each user that was decided on this version. */
const changesOf = (userIds: readonly UserId[], version: number): AccountChange[] =>
  decidePostings(
    userIds.map((userId) => ({ userId, balance: money(100), version })),
    [],
    userIds.map((userId) => ({ code: 'CHARGE', userId, actorId: OPERATOR_ID, idempotencyKey: null, amount: money(5), note: null })),
  ).changes;

/** Which of these accounts no transaction has locked. */
const free = async (userIds: readonly UserId[]): Promise<UserId[]> => {
  const text = 'SELECT id FROM shop_user.account WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE SKIP LOCKED';
  return (await other.rows<{ id: UserId }>(text, [userIds])).map(({ id }) => id);
};

test('a change that was decided on an old version is not written, and its account is locked for the next attempt', async () => {
  const userId = await shop.customer(100);
  await shop.database.run(async (tx) => {
    expect(await accounts.save(tx, changesOf([userId], 0))).toEqual(new Set());
    expect(await free([userId])).toEqual([]);
    expect(await accounts.save(tx, changesOf([userId], 1))).toEqual(new Set([userId]));
  });
  expect(await shop.balance(userId)).toBe(105);
  await shop.assertCleanBooks();
});

test('accounts are locked in order of their ids, whatever the order of the changes', async () => {
  const [first, second, third] = [await shop.customer(100), await shop.customer(100), await shop.customer(100)];
  // Now the rows lie in another order than their ids, and a plan that reads them as they lie would lock the second first.
  await shop.rows('UPDATE shop_user.account SET role = role WHERE id = $1', [first]);
  let stillFree: UserId[] = [];
  await shop.whileOvertaken(
    async (tx) => void (await accounts.save(tx, changesOf([second], 1))),
    () =>
      shop.database.run(async (tx) => {
        await pgTransaction(tx).query(
          sql('test.no-index', `SELECT set_config('enable_indexscan', 'off', true), set_config('enable_bitmapscan', 'off', true)`),
        );
        await accounts.save(tx, changesOf([third, second, first], 1));
      }),
    async () => {
      stillFree = await free([first, second, third]);
    },
  );
  expect(stillFree).toEqual([third]);
  expect(await Promise.all([first, second, third].map((userId) => shop.balance(userId)))).toEqual([105, 105, 105]);
});
