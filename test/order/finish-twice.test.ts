import pg from 'pg';
import { expect, test } from 'vitest';
import type { OrderId, UserId } from '../../src/kernel/ids.js';
import { NO_MONEY } from '../../src/kernel/money.js';
import { OrderService } from '../../src/order/application/order.service.js';
import { startShop } from '../support/shop.js';

// Found by the simulation: a payment that was taken over while its first runner was only slow.
test('two that carry out one attempt and meet in one batch get the same answer, and the order is processed once', async () => {
  const shop = await startShop();
  const buyer = await shop.customer(0);
  const { optionIds } = await shop.product({ price: 1_000, stock: [1] });
  const body = { items: [{ productOptionId: optionIds[0], quantity: 1 }] };
  const { orderId } = (await shop.api('POST', '/api/orders', { token: buyer.token, body })).body;

  const orders = shop.shop.server.app.get(OrderService);
  const begun = await orders.beginPayment({ orderId: orderId as OrderId, userId: buyer.userId as UserId, couponId: null });
  expect(begun.ok).toBe(true);
  const attempt = (begun as Extract<typeof begun, { ok: true }>).value;
  const payment = { attempt, discountAmount: attempt.totalAmount, finalAmount: NO_MONEY, remainingBalance: NO_MONEY, steps: [] };
  const [first, second] = await Promise.all([orders.finishPayment(payment), orders.finishPayment(payment)]);
  expect(first).toMatchObject({ orderId });
  expect(second).toEqual(first);

  const database = new pg.Client({ connectionString: shop.databaseUrl });
  await database.connect();
  const { rows } = await database.query(`SELECT event_id FROM shop_order.event_log WHERE topic = 'order.processed'`);
  await database.end();
  expect(rows).toEqual([{ event_id: `order.processed:${orderId}` }]);
  // No domain but this one took part in that payment, so its books are not right.
  await shop.stop({ audit: false });
});
