import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectCleanBooks } from '../support/books.js';
import { type Answer, startShop, type TestShop } from '../support/shop.js';
import { describeWithKafka, sharedKafka } from '../support/shared-kafka.js';

const PRICE = 5_000;
const ANSWER_MS_MAX = 30_000;
const ASK_AGAIN_MS = 200;
const ENDED = new Set(['PAID', 'REFUSED']);

let shop: TestShop;

/** As a client does: what is not available for now is asked for again. */
async function asked(method: string, path: string, token: string, isAnswer: (answer: Answer) => boolean, body?: object): Promise<Answer> {
  for (const giveUpAt = Date.now() + ANSWER_MS_MAX; ; await sleep(ASK_AGAIN_MS)) {
    const answer = await shop.api(method, path, { token, body });
    if (isAnswer(answer) || Date.now() > giveUpAt) return answer;
  }
}
const order = async (token: string, productOptionId: number): Promise<number> =>
  (await asked('POST', '/api/orders', token, ({ status }) => status !== 503, { items: [{ productOptionId, quantity: 1 }] })).body.orderId;

/** How a payment ends. */
async function pay(token: string, orderId: number): Promise<{ readonly status: string; readonly errorCode: string | null }> {
  await asked('POST', `/api/orders/${orderId}/payment`, token, ({ status }) => status !== 503, {});
  return (await asked('GET', `/api/orders/${orderId}/payment`, token, ({ body }) => ENDED.has(body.status))).body;
}

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
    const [rich, poor] = await Promise.all([shop.customer(10 * PRICE), shop.customer(PRICE - 1)]);
    const orders = await Promise.all(Array.from({ length: 10 }, () => order(rich.token, optionId)));
    const paid = await Promise.all(orders.map((orderId) => pay(rich.token, orderId)));
    expect(paid.map(({ status }) => status)).toEqual(orders.map(() => 'PAID'));
    const refused = await pay(poor.token, await order(poor.token, optionId));
    expect(refused).toMatchObject({ status: 'REFUSED', errorCode: 'INSUFFICIENT_BALANCE' });
    await expectCleanBooks(shop);
    const { body: top } = await shop.api('GET', '/api/products/top?days=3&limit=5');
    expect(top.items).toMatchObject([{ salesCount: 10 }]);
  });
});
