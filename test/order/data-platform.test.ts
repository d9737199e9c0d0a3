import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { DataPlatform, type PaidOrderEvent } from '../../src/order/application/data-platform.port.js';
import { type TestShop, startShop } from '../support/shop.js';

let shop: TestShop;

afterEach(() => shop.stop());

/** Puts another data platform in the place of the files: it stands for the external system, which we do not own. */
async function shopWith(send: DataPlatform['send']): Promise<void> {
  shop = await startShop();
  shop.shop.server.app.get(DataPlatform).send = send;
}

const allOf = (events: readonly PaidOrderEvent[]) => ({ accepted: new Set(events.map(({ id }) => id)) });

async function payOnce() {
  const buyer = await shop.customer(1_000);
  const { optionIds } = await shop.product({ price: 1_000, stock: [1] });
  const order = await shop.api('POST', '/api/orders', {
    token: buyer.token,
    body: { items: [{ productOptionId: optionIds[0], quantity: 1 }] },
  });
  const paid = await shop.api('POST', `/api/orders/${order.body.orderId}/payment`, { token: buyer.token, body: {} });
  return { orderId: order.body.orderId as number, paid };
}

test('a data platform that hangs does not hold up a payment, nor the end of the program', async () => {
  let asked = 0;
  await shopWith((_, signal) => {
    asked++;
    return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
  });
  for (let count = 0; count < 3; count++) expect((await payOnce()).paid).toMatchObject({ status: 200, body: { status: 'PAID' } });
  expect(asked).toBe(1);
});

test('a data platform that throws gets the event again until it takes it', async () => {
  const got: string[] = [];
  let failures = 0;
  await shopWith((events) => {
    if (failures++ < 3) return Promise.reject(new Error('away'));
    got.push(...events.map(({ subject }) => subject));
    return Promise.resolve(allOf(events));
  });
  const { orderId, paid } = await payOnce();
  expect(paid.status).toBe(200);
  await shop.settle();
  expect(got).toEqual([String(orderId)]);
});

test('a slow data platform is only late', async () => {
  const got: string[] = [];
  await shopWith(async (events) => {
    await sleep(200);
    got.push(...events.map(({ subject }) => subject));
    return allOf(events);
  });
  const { orderId, paid } = await payOnce();
  expect(paid.status).toBe(200);
  expect(got).toEqual([]);
  await shop.settle();
  expect(got).toEqual([String(orderId)]);
});
