import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../src/database/database.js';
import type { UserId } from '../../src/kernel/ids.js';
import { OrderPaymentFailDone } from '../../src/order/application/events/order-payment-fail-done.event.js';
import { OrderPaymentFail } from '../../src/order/application/events/order-payment-fail.event.js';
import { UserDomain } from './user-domain.js';

const NOBODY = 123_456_789;

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

let lastPayment = 0;
let payment: number;
beforeEach(() => {
  payment = lastPayment += 1_000;
});

afterEach(async () => {
  await shop.settle();
  await shop.assertCleanBooks();
});

describe('order.payment → user.deduct-balance', () => {
  test('takes the amount and answers what remains', async () => {
    const userId = await shop.customer(1_000);
    expect(await shop.pay({ paymentId: payment, userId, amount: 700 })).toBe(300);
    expect(await shop.entries(userId)).toEqual([
      ['CHARGE', 1_000],
      ['PAYMENT', -700],
    ]);
    expect(await shop.published(OrderPaymentFail, payment)).toEqual([]);
  });

  test('a redelivery is answered as the first was, and charges once', async () => {
    const userId = await shop.customer(1_000);
    const request = { paymentId: payment, userId, amount: 700 };
    expect(await shop.pay(request)).toBe(300);
    await shop.topUp(userId, 5_000);
    expect(await Promise.all([shop.pay(request), shop.pay(request), other.pay(request)])).toEqual([300, 300, 300]);
    expect(await shop.balance(userId)).toBe(5_300);
  });

  test('two deliveries at once in two processes charge once', async () => {
    const userId = await shop.customer(1_000);
    const request = { paymentId: payment, userId, amount: 700 };
    expect(await Promise.all([shop.pay(request), other.pay(request)])).toEqual([300, 300]);
    expect(await shop.balance(userId)).toBe(300);
  });

  test('even without the journal, the database refuses a second charge of a payment', async () => {
    const userId = await shop.customer(1_000);
    await shop.pay({ paymentId: payment, userId, amount: 100 });
    await shop.rows(`DELETE FROM shop_user.saga_step WHERE saga_id = $1`, [payment]);
    await expect(shop.pay({ paymentId: payment, userId, amount: 100 })).rejects.toThrow('ledger_entry_payment');
    expect(await shop.balance(userId)).toBe(900);
  });

  test('a payment of nothing leaves no entry and answers the balance', async () => {
    const userId = await shop.customer(40);
    expect(await shop.pay({ paymentId: payment, userId, amount: 0 })).toBe(40);
    expect(await shop.entries(userId)).toEqual([['CHARGE', 40]]);
  });

  test('too little is refused with the figures, and the refusal tells the other domains in the same transaction', async () => {
    const userId = await shop.customer(500);
    expect(await shop.pay({ paymentId: payment, userId, amount: 900 })).toBe('INSUFFICIENT_BALANCE');
    expect(await shop.balance(userId)).toBe(500);
    const refusal = { refusedBy: 'user.deduct-balance', code: 'INSUFFICIENT_BALANCE', details: { required: 900, balance: 500 } };
    expect(await shop.published(OrderPaymentFail, payment)).toMatchObject([{ paymentId: payment, orderId: payment, userId, ...refusal }]);
  });

  test('a refusal stays a refusal when the money comes later: its compensation is under way', async () => {
    const userId = await shop.customer(500);
    const request = { paymentId: payment, userId, amount: 900 };
    await shop.pay(request);
    await shop.topUp(userId, 10_000);
    expect(await shop.pay(request)).toMatch(/INSUFFICIENT_BALANCE|PAYMENT_ABORTED/);
    expect(await shop.published(OrderPaymentFail, payment)).toHaveLength(1);
    expect(await shop.balance(userId)).toBe(10_500);
  });

  test('a user who does not exist is refused, and their neighbours in the batch are served', async () => {
    const userId = await shop.customer(100);
    const verdicts = await Promise.all([
      shop.pay({ paymentId: payment, userId: NOBODY, amount: 10 }),
      shop.pay({ paymentId: payment + 1, userId, amount: 10 }),
    ]);
    expect(verdicts).toEqual(['USER_NOT_FOUND', 90]);
    expect(await shop.published(OrderPaymentFail, payment, payment + 1)).toMatchObject([{ paymentId: payment, code: 'USER_NOT_FOUND' }]);
  });

  test('of 200 payments at once of one user, exactly those are charged that the balance covers', async () => {
    const userId = await shop.customer(77 * 10 + 9);
    const payments = Array.from({ length: 200 }, (_, index) => ({ paymentId: payment + index, userId, amount: 10 }));
    const verdicts = await Promise.all(payments.map((each, index) => (index % 2 ? shop : other).pay(each)));
    const remaining = verdicts.filter((verdict) => typeof verdict === 'number');
    expect(remaining.toSorted((a, b) => b - a)).toEqual(Array.from({ length: 77 }, (_, index) => 769 - index * 10));
    expect(verdicts.filter((verdict) => verdict === 'INSUFFICIENT_BALANCE')).toHaveLength(123);
    expect(await shop.balance(userId)).toBe(9);
  });

  test('200 payments of one user while the balance is topped up in two processes: nothing fails, nothing is lost', async () => {
    const userId = await shop.customer(100_000);
    const payments = Array.from({ length: 200 }, (_, index) =>
      (index % 2 ? shop : other).pay({ paymentId: payment + index, userId, amount: 10 }),
    );
    const topUps = Array.from({ length: 200 }, (_, index) => (index % 2 ? shop : other).topUp(userId, 7));
    const verdicts = await Promise.all([...payments, ...topUps]);
    expect(verdicts.every((verdict) => typeof verdict === 'number')).toBe(true);
    expect(await shop.balance(userId)).toBe(100_000 - 2_000 + 1_400);
  });

  test('two processes that charge the same users in opposite order do not end in a deadlock', async () => {
    const users = await Promise.all(Array.from({ length: 20 }, () => shop.customer(1_000)));
    const charge = (process: UserDomain, order: readonly UserId[], first: number) =>
      order.map((userId, index) => process.pay({ paymentId: first + index, userId, amount: 1 }));
    const rounds = Array.from({ length: 5 }, (_, round) => [
      ...charge(shop, users, payment + round * 100),
      ...charge(other, users.toReversed(), payment + round * 100 + 50),
    ]);
    await Promise.all(rounds.flat());
    expect(await Promise.all(users.map((userId) => shop.balance(userId)))).toEqual(users.map(() => 990));
  });

  test('a balance that another process changes between read and write is decided on again', async () => {
    const userId = await shop.customer(100);
    const poor = shop.pay.bind(shop, { paymentId: payment, userId, amount: 60 });
    let verdict: number | string | undefined;
    await shop.whileOvertaken(
      async (tx) => {
        await tx.query(sql('test.overtake', `UPDATE shop_user.account SET balance = 50, version = version + 1 WHERE id = $1`), [userId]);
        await tx.query(
          sql(
            'test.overtake-entry',
            `INSERT INTO shop_user.ledger_entry (user_id, amount, before_amount, after_amount, code, contra_account) VALUES ($1, -50, 100, 50, 'ADJUST', 'corrections')`,
          ),
          [userId],
        );
      },
      async () => {
        verdict = await poor();
      },
    );
    expect(verdict).toBe('INSUFFICIENT_BALANCE');
    expect(await shop.balance(userId)).toBe(50);
  });
});

describe('order.payment.fail → user.void-charge', () => {
  test('gives back exactly what was charged, by an entry of its own', async () => {
    const userId = await shop.customer(1_000);
    await shop.pay({ paymentId: payment, userId, amount: 300 });
    await shop.pay({ paymentId: payment + 1, userId, amount: 50 });
    await shop.fail(payment);
    expect(await shop.entries(userId)).toEqual([
      ['CHARGE', 1_000],
      ['PAYMENT', -300],
      ['PAYMENT', -50],
      ['REFUND', 300],
    ]);
    const history = await shop.queries.entries(userId, { rowsMax: 10, code: 'REFUND' });
    expect(history).toMatchObject([{ refId: payment, beforeAmount: 650, afterAmount: 950 }]);
    expect(await shop.published(OrderPaymentFailDone, payment)).toEqual([
      { paymentId: payment, orderId: payment, domain: 'user', undone: true },
    ]);
  });

  test('a second failure of the same payment gives nothing back, and is reported all the same', async () => {
    const userId = await shop.customer(1_000);
    await shop.pay({ paymentId: payment, userId, amount: 300 });
    await shop.fail(payment);
    await shop.fail(payment, payment);
    expect(await shop.balance(userId)).toBe(1_000);
    expect(await shop.published(OrderPaymentFailDone, payment)).toHaveLength(3);
  });

  test('that comes before the charge: the late charge is refused', async () => {
    const userId = await shop.customer(1_000);
    await shop.fail(payment);
    expect(await shop.published(OrderPaymentFailDone, payment)).toMatchObject([{ undone: false }]);
    expect(await shop.pay({ paymentId: payment, userId, amount: 300 })).toBe('PAYMENT_ABORTED');
    expect(await shop.entries(userId)).toEqual([['CHARGE', 1_000]]);
  });

  test('its own refusal needs nothing undone', async () => {
    const userId = await shop.customer(10);
    await shop.pay({ paymentId: payment, userId, amount: 300 });
    await shop.settle();
    expect(await shop.published(OrderPaymentFailDone, payment)).toMatchObject([{ undone: false }]);
    expect(await shop.balance(userId)).toBe(10);
  });

  test('a payment of nothing is undone without an entry', async () => {
    const userId = await shop.customer(10);
    await shop.pay({ paymentId: payment, userId, amount: 0 });
    await shop.fail(payment);
    expect(await shop.published(OrderPaymentFailDone, payment)).toMatchObject([{ undone: true }]);
    expect(await shop.entries(userId)).toEqual([['CHARGE', 10]]);
  });

  test('charges and failures of 100 payments at once leave the balance as it was', async () => {
    const userId = await shop.customer(5_000);
    const ids = Array.from({ length: 100 }, (_, index) => payment + index);
    await Promise.all([
      ...ids.map((paymentId) => shop.pay({ paymentId, userId, amount: 20 })),
      ...ids.map((paymentId) => other.fail(paymentId)),
    ]);
    await shop.settle();
    expect(await shop.balance(userId)).toBe(5_000);
  });
});
