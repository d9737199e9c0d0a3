import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectCleanBooks } from '../support/books.js';
import { startShop, type TestShop } from '../support/shop.js';
import { describeWithKafka, sharedKafka } from '../support/shared-kafka.js';
import { patientCustomer } from './patient-customer.js';

const PRICE = 5_000;
let shop: TestShop;

describeWithKafka('the whole shop in one process, on Kafka by configuration alone', () => {
  beforeAll(async () => {
    const { brokers, topicPrefix } = sharedKafka();
    shop = await startShop({ KAFKA_BROKERS: brokers.join(), KAFKA_TOPIC_PREFIX: topicPrefix });
  });
  afterAll(() => shop.stop());

  test('is ready', async () => {
    expect(await shop.api('GET', '/health/ready')).toMatchObject({ status: 200, body: { details: { events: { status: 'up' } } } });
  });

  test('takes payments, refuses what cannot be paid, and its books are clean', async () => {
    const { optionIds } = await shop.product({ price: PRICE, stock: [100] });
    const [optionId = 0] = optionIds;
    const funds = await Promise.all([shop.customer(10 * PRICE), shop.customer(PRICE - 1)]);
    const [rich, poor] = [patientCustomer(shop, funds[0].token), patientCustomer(shop, funds[1].token)];
    const orders = await Promise.all(Array.from({ length: 10 }, () => rich.order(optionId)));
    const paid = await Promise.all(orders.map((orderId) => rich.pay(orderId)));
    expect(paid.map(({ status }) => status)).toEqual(orders.map(() => 'PAID'));
    const refused = await poor.pay(await poor.order(optionId));
    expect(refused).toMatchObject({ status: 'REFUSED', errorCode: 'INSUFFICIENT_BALANCE' });
    await expectCleanBooks(shop);
    const { body: top } = await shop.api('GET', '/api/products/top?days=3&limit=5');
    expect(top.items).toMatchObject([{ salesCount: 10 }]);
  });
});
