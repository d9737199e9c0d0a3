import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { audit } from '../../src/audit/audit.js';
import type { AuditReport } from '../../src/audit/report.js';
import { type ExampleBooks, exampleBooks, SETTLE } from './example-books.js';
import { MONEY_PLANTS } from './plants/1-money.js';
import { STOCK_PLANTS } from './plants/2-stock.js';
import { ORDER_PLANTS } from './plants/3-orders.js';
import { PAYMENT_PLANTS } from './plants/3-payments.js';
import { COUPON_PLANTS } from './plants/4-coupons.js';
import { EVENT_PLANTS } from './plants/5-6-events-and-ranking.js';

const PLANTS = [...MONEY_PLANTS, ...STOCK_PLANTS, ...ORDER_PLANTS, ...PAYMENT_PLANTS, ...COUPON_PLANTS, ...EVENT_PLANTS];

let books: ExampleBooks;

beforeAll(async () => {
  books = await exampleBooks();
});

beforeEach(() => books.writeAnew());

afterAll(() => books.drop());

const violationsIn = (report: AuditReport): { check: string; sentences: string[] }[] =>
  report.checks
    .filter(({ violations }) => violations.total > 0)
    .map(({ id, violations }) => ({ check: id, sentences: violations.listed.map(({ sentence }) => sentence) }));

describe('a violation is found by its own check, with ids and numbers', () => {
  test.each(PLANTS)('$check: $what', async ({ check, sql, sentences }) => {
    await books.plant(sql);
    const report = await audit(books.url);
    expect(violationsIn(report)).toEqual([{ check, sentences }]);
    expect(report.clean).toBe(false);
  });

  test('every check has a planted violation', async () => {
    const { checks } = await audit(books.url);
    expect([...new Set(PLANTS.map(({ check }) => check))]).toEqual(checks.map(({ id }) => id));
  });

  test('the same plants are found in a shop at rest', async () => {
    await books.run(SETTLE);
    await books.plant(PLANTS.find(({ check }) => check === '3.4')?.sql ?? '');
    expect(violationsIn(await audit({ url: books.url, settled: true }))).toMatchObject([{ check: '3.4' }]);
  });
});

describe('what is found', () => {
  test('tells ids and amounts to programs, too', async () => {
    await books.plant('UPDATE shop_user.account SET balance = 6201 WHERE id = 2');
    const { checks } = await audit(books.url);
    expect(checks.find(({ id }) => id === '1.3')?.violations.listed).toEqual([
      { sentence: expect.any(String) as string, facts: { userId: 2, balance: 6201, entries: 6200 } },
    ]);
  });

  test('is listed up to a limit and counted to the end', async () => {
    await books.plant(
      `INSERT INTO shop_user.account (id, email, password_hash, role, balance) OVERRIDING SYSTEM VALUE SELECT 100 + n, 'c' || n, '-', 'customer', 1 FROM generate_series(1, 250) n`,
    );
    const { checks, violations } = await audit(books.url);
    expect(violations).toBe(250);
    expect(checks.find(({ id }) => id === '1.3')?.violations.listed).toHaveLength(100);
  });
});
