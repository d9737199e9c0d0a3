import { afterAll, beforeAll, expect, test } from 'vitest';
import { webhookHeaders } from '../../src/http/standard-webhooks.js';
import { expectEventually, query } from '../support/embedded.js';
import { startShop, type TestShop } from '../support/shop.js';
import { type Receiver, startReceiver } from './receiver.js';

const SECRET = `whsec_${'A'.repeat(32)}`;

let receiver: Receiver;
let shop: TestShop;

beforeAll(async () => {
  receiver = await startReceiver();
  shop = await startShop({ RECEIPT_WEBHOOK_URL: receiver.url, RECEIPT_WEBHOOK_SECRET: SECRET });
});
afterAll(async () => {
  await shop.stop();
  await receiver.stop();
});

async function order(token: string): Promise<number> {
  const { optionIds } = await shop.product({ name: 'Linen shirt', price: 20_000, stock: [10] });
  const items = [{ productOptionId: optionIds[0], quantity: 2 }];
  return (await shop.api('POST', '/api/orders', { token, body: { items } })).body.orderId;
}

async function paidOrder(token: string): Promise<number> {
  const orderId = await order(token);
  expect(await shop.api('POST', `/api/orders/${orderId}/payment`, { token, body: {} })).toMatchObject({ status: 200 });
  await shop.settle();
  return orderId;
}

const receiptOf = (orderId: number, token: string) => shop.api('GET', `/api/orders/${orderId}/receipt`, { token });

test('a customer reads the receipt of a paid order, and so does an operator', async () => {
  const { token, userId } = await shop.customer(50_000);
  const orderId = await paidOrder(token);
  const receipt = await receiptOf(orderId, token);
  expect(receipt).toMatchObject({ status: 200 });
  expect(receipt.body).toEqual({
    orderId,
    paymentId: expect.any(Number),
    userId,
    items: [{ name: 'Linen shirt (option 1)', price: 20_000, quantity: 2, subtotal: 40_000 }],
    totalAmount: 40_000,
    discountAmount: 0,
    finalAmount: 40_000,
    currency: 'KRW',
    paidAt: expect.any(String),
    issuedAt: expect.any(String),
  });
  expect((await receiptOf(orderId, await shop.operatorToken())).body).toEqual(receipt.body);
});

test('there is none of an unpaid order, nor of somebody else’s', async () => {
  const { token } = await shop.customer(50_000);
  expect(await receiptOf(await order(token), token)).toMatchObject({ status: 404, body: { code: 'RECEIPT_NOT_FOUND' } });
  const other = await shop.customer();
  expect(await receiptOf(await paidOrder(token), other.token)).toMatchObject({ status: 404, body: { code: 'RECEIPT_NOT_FOUND' } });
});

test('a receipt is sent once, signed, with a sentence for people', async () => {
  const { token } = await shop.customer(50_000);
  const orderId = await paidOrder(token);
  await expectEventually('it was received', () => receiver.ids().includes(`order.processed:${orderId}`));
  const sent = receiver.received.filter(({ headers }) => headers['webhook-id'] === `order.processed:${orderId}`);
  expect(sent).toHaveLength(1);
  const [{ headers, payload, body } = expect.fail('nothing was sent')] = sent;
  const { issuedAt: _, ...receipt } = (await receiptOf(orderId, token)).body;
  expect(body).toMatchObject({
    type: 'order.processed',
    text: `Thank you. You paid ₩40,000 for order ${orderId}: 2 × Linen shirt (option 1).`,
    receipt,
  });
  expect(headers).toMatchObject(
    webhookHeaders(
      { id: `order.processed:${orderId}`, sentAt: new Date(Number(headers['webhook-timestamp']) * 1_000), body: payload },
      SECRET,
    ),
  );
});

test('while nobody takes receipts they are written all the same, and sent when somebody does', async () => {
  receiver.answerWith(503);
  const { token } = await shop.customer(50_000);
  const orderId = await order(token);
  await shop.api('POST', `/api/orders/${orderId}/payment`, { token, body: {} });
  await expectEventually('it was refused', () => receiver.ids().includes(`order.processed:${orderId}`));
  await expectEventually('it is written', async () => (await receiptOf(orderId, token)).status === 200);
  const parked = await query(shop.databaseUrl, `SELECT FROM shop_notification.event_parked`);
  expect(parked).toEqual([]);
  receiver.answerWith(204);
  await shop.settle();
});
