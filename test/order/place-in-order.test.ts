import pg from 'pg';
import { expect, test } from 'vitest';
import type { OrderId, ProductId, ProductOptionId, UserId } from '../../src/kernel/ids.js';
import { money } from '../../src/kernel/money.js';
import { OrderService } from '../../src/order/application/order.service.js';
import type { PlacedOrder } from '../../src/order/domain/order.js';
import { startShop } from '../support/shop.js';
import { until } from '../messaging/world.js';

const FIRST = 1_000_001 as OrderId;
const SECOND = 1_000_002 as OrderId;

const INSERT = `INSERT INTO shop_order.orders (order_id, user_id, status, total_amount, currency, expires_at)
                VALUES ($1, 1, 'PENDING', 100, 'KRW', now() + interval '10 minutes')`;
const WAITING = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;

const placed = (id: OrderId): PlacedOrder => ({
  id,
  userId: 1 as UserId,
  totalAmount: money(100),
  expiresAt: new Date(Date.now() + 600_000),
  lines: [
    {
      productOptionId: 1 as ProductOptionId,
      productId: 1 as ProductId,
      name: 'a thing',
      price: money(100),
      quantity: 1,
      subtotal: money(100),
    },
  ],
});

// Found while the simulation learned the order of locks: two processes that repeat the same placings, in batches, would wait for each other.
test('orders of one batch are written in order of their ids: while the first waits, nobody waits for the second', async () => {
  const shop = await startShop();
  const [other, third] = [new pg.Client({ connectionString: shop.databaseUrl }), new pg.Client({ connectionString: shop.databaseUrl })];
  await Promise.all([other.connect(), third.connect()]);

  await other.query('BEGIN');
  await other.query(INSERT, [FIRST]);
  const orders = shop.shop.server.app.get(OrderService);
  const batch = Promise.all([orders.place(placed(SECOND)), orders.place(placed(FIRST))]);
  await until('the batch waits for the first order', async () => (await third.query(WAITING)).rows.length > 0);

  await third.query(`BEGIN; SET LOCAL lock_timeout = '5s'`);
  await third.query(INSERT, [SECOND]);
  await third.query('ROLLBACK');
  await other.query('ROLLBACK');
  expect((await batch).map(({ id }) => id)).toEqual([SECOND, FIRST]);

  await Promise.all([other.end(), third.end()]);
  // These orders hold no stock.
  await shop.stop({ audit: false });
});
