import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checksFor } from '../../src/audit/checks/all.js';
import type { AuditReport } from '../../src/audit/report.js';
import { type ExampleBooks, exampleBooks } from './example-books.js';
import { MONEY_PLANTS } from './plants/1-money.js';
import { STOCK_PLANTS } from './plants/2-stock.js';
import { ORDER_PLANTS } from './plants/3-orders.js';
import { PAYMENT_PLANTS } from './plants/3-payments.js';
import { COUPON_PLANTS } from './plants/4-coupons.js';
import { EVENT_PLANTS } from './plants/5-events.js';
import { SIDE_EFFECT_PLANTS } from './plants/6-side-effects.js';
import { LIVENESS_PLANTS } from './plants/7-liveness.js';

const PLANTS = [
  ...MONEY_PLANTS,
  ...STOCK_PLANTS,
  ...ORDER_PLANTS,
  ...PAYMENT_PLANTS,
  ...COUPON_PLANTS,
  ...EVENT_PLANTS,
  ...SIDE_EFFECT_PLANTS,
  ...LIVENESS_PLANTS,
];

/** Checks between domains, which read copies where each domain has its own database. The others run there as they do everywhere. */
const BETWEEN_DOMAINS = /^(?:3\.[4-9]|5\.[23]|6\.1|7\.)/;
const firstOfEach = new Set(
  Map.groupBy(PLANTS, ({ check }) => check)
    .values()
    .map(([first]) => first),
);
const PLANTS_OVER_SEVERAL = PLANTS.filter((plant) => BETWEEN_DOMAINS.test(plant.check) || firstOfEach.has(plant));

test('a check names the domains whose tables it reads, and no others', () => {
  for (const { id, reads, findings } of checksFor(['cart', 'coupon', 'order', 'product', 'user'], { files: 'all' })) {
    const named = [...(findings ?? '').matchAll(/\bshop_(\w+)\./g)].map((match) => match[1] ?? '');
    expect([...new Set(named)].toSorted(), id).toEqual([...reads].toSorted());
  }
});

const violationsIn = (report: AuditReport): { check: string; sentences: string[] }[] =>
  report.checks
    .filter(({ violations }) => violations.total > 0)
    .map(({ id, violations }) => ({ check: id, sentences: violations.listed.map(({ sentence }) => sentence) }));

describe.each([
  ['one database', false, PLANTS],
  ['a database of each domain', true, PLANTS_OVER_SEVERAL],
] as const)('in %s', (_shape, split, plants) => {
  let books: ExampleBooks;

  beforeAll(async () => {
    books = await exampleBooks({ split });
  });

  beforeEach(() => books.writeAnew());

  afterAll(() => books.drop());

  describe('a violation is found by its own check, with ids and numbers', () => {
    test.each(plants)('$check: $what', async ({ check, sql, delivered, sentences }) => {
      await books.plant(sql);
      if (delivered) await books.deliver(...delivered);
      const report = await books.audit();
      expect(violationsIn(report)).toEqual([{ check, sentences }]);
      expect(report.clean).toBe(false);
    });

    test('every check has a planted violation', async () => {
      const { checks } = await books.audit();
      expect([...new Set(plants.map(({ check }) => check))]).toEqual(checks.map(({ id }) => id));
    });

    test('the same plants are found in a shop at rest', async () => {
      await books.settle();
      await books.plant(PLANTS.find(({ check }) => check === '3.4')?.sql ?? '');
      expect(violationsIn(await books.audit({ settled: true }))).toMatchObject([{ check: '3.4' }]);
    });
  });

  describe('what is found', () => {
    test('tells ids and amounts to programs, too', async () => {
      await books.plant('UPDATE shop_user.account SET balance = 6201 WHERE id = 2');
      const { checks } = await books.audit();
      expect(checks.find(({ id }) => id === '1.3')?.violations.listed).toEqual([
        { sentence: expect.any(String) as string, facts: { userId: 2, balance: 6201, entries: 6200 } },
      ]);
    });

    test('is listed up to a limit and counted to the end', async () => {
      await books.plant(
        `INSERT INTO shop_user.account (id, email, password_hash, role, balance) OVERRIDING SYSTEM VALUE SELECT 100 + n, 'c' || n, '-', 'customer', 1 FROM generate_series(1, 250) n`,
      );
      const { checks, violations } = await books.audit();
      expect(violations).toBe(250);
      expect(checks.find(({ id }) => id === '1.3')?.violations.listed).toHaveLength(100);
    });
  });
});
