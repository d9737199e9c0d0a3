import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { auditCommand } from '../../src/cli/audit-command.js';
import { expectCleanBooks } from '../support/books.js';
import { type FreshDatabase, freshDatabase } from '../support/database.js';
import { startShop, type TestShop } from '../support/shop.js';

const CUSTOMERS = 12;
const PRICE = 700;
const FUNDS = 2_000;

describe.each([
  ['one database', []],
  ['a database of each domain', ['product', 'coupon', 'user', 'cart']],
])('a shop on %s', (_shape, moved) => {
  let databases: FreshDatabase[];
  let environment: Record<string, string>;
  let shop: TestShop;

  beforeAll(async () => {
    databases = await Promise.all(moved.map(() => freshDatabase()));
    environment = Object.fromEntries(
      moved.map((domain, index) => [`DATABASE_URL_${domain.toUpperCase()}`, (databases[index] as FreshDatabase).url]),
    );
    shop = await startShop(environment);
  });

  afterAll(async () => {
    await shop.stop();
    await Promise.all(databases.map(({ drop }) => drop()));
  });

  async function newCoupon(quantity: number): Promise<number> {
    const body = { name: 'Ten percent', discountRate: 10, quantity, expiresAt: '2999-01-01T00:00:00.000Z' };
    const created = await shop.api('POST', '/api/admin/coupons', { token: await shop.operatorToken(), body });
    return (created.body as { couponId: number }).couponId;
  }

  test('that sells, refuses, gives coupons and cancels has clean books, under way and at rest', async () => {
    const couponId = await newCoupon(CUSTOMERS / 2);
    const { optionIds } = await shop.product({ price: PRICE, stock: [CUSTOMERS * 3] });
    const customers = await Promise.all(Array.from({ length: CUSTOMERS }, () => shop.customer(FUNDS)));

    const outcomes = customers.map(async ({ token }, index) => {
      const coupon = await shop.api('POST', `/api/coupons/${couponId}/issue`, { token });
      const order = async (quantity: number): Promise<number> => {
        const placed = await shop.api('POST', '/api/orders', { token, body: { items: [{ productOptionId: optionIds[0], quantity }] } });
        return (placed.body as { orderId: number }).orderId;
      };
      const pay = (orderId: number, body: object) => shop.api('POST', `/api/orders/${orderId}/payment`, { token, body });

      const paid = await pay(await order(1), coupon.status === 201 ? { couponId } : {});
      // Two more: too dear for some, and sold out for others.
      const refused = await pay(await order(2), {});
      const cancelled = await shop.api('POST', `/api/orders/${await order(1)}/cancel`, { token });
      if (index % 4 === 0) await expectCleanBooks(shop, { inMotion: true });
      return [paid.status, refused.status, cancelled.status];
    });
    const statuses = (await Promise.all(outcomes)).flat();
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(CUSTOMERS);
    expect(statuses.some((status) => status === 422)).toBe(true);

    const { census, checks } = await expectCleanBooks(shop);
    expect(census).toMatchObject({ usedCoupons: CUSTOMERS / 2 });
    expect(census.acknowledgements).toBe(census.paidOrders);
    expect(census.deliveredLines).toBeGreaterThanOrEqual(census.paidOrders);
    expect(checks.filter(({ examined }) => examined === 0)).toEqual([]);
  });

  test('has books that npm run audit finds', async () => {
    let out = '';
    const write = (text: string): void => void (out += text);
    expect(await auditCommand([], { DATABASE_URL: shop.databaseUrl, ...environment }, { write }, { write })).toBe(0);
    expect(out).toMatch(/^Clean: /m);
  });
});
