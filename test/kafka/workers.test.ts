import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectCleanBooks } from '../support/books.js';
import { describeWithKafka, sharedKafka } from '../support/shared-kafka.js';
import { startShop } from '../support/shop.js';
import { patientCustomer } from './patient-customer.js';

/** Consecutive ids, so two for each of the 16 partitions. */
const ORDERS = 32;
const PRICE = 1_000;

describeWithKafka('workers of a side effect', () => {
  test('share the partitions: each event is handed over once, by one of them', async () => {
    const { brokers, topicPrefix } = sharedKafka();
    const kafka = { KAFKA_BROKERS: brokers.join(), KAFKA_TOPIC_PREFIX: topicPrefix };
    const api = await startShop({ DOMAINS: '-order.data-platform', ...kafka });
    const worker = () => startShop({ DOMAINS: 'order.data-platform', DATABASE_URL: api.databaseUrl, ...kafka });
    const workers = await Promise.all([worker(), worker()]);

    const { token } = await api.customer(ORDERS * PRICE);
    const { optionIds } = await api.product({ price: PRICE, stock: [ORDERS] });
    const customer = patientCustomer(api, token);
    const buy = async (): Promise<number> => {
      const orderId = await customer.order(optionIds[0] ?? 0);
      expect(await customer.pay(orderId)).toMatchObject({ status: 'PAID' });
      return orderId;
    };
    const orderIds = await Promise.all(Array.from({ length: ORDERS }, buy));
    await Promise.all([api, ...workers].map((each) => each.settle()));

    const handedOver = await Promise.all(workers.map(({ dataDir }) => ordersIn(join(dataDir, 'data-platform'))));
    expect(handedOver.flat().toSorted(byNumber)).toEqual(orderIds.toSorted(byNumber));
    expect(handedOver.map(({ length }) => length > 0)).toEqual([true, true]);

    // The files of one worker are a part; the acknowledgements are the whole.
    const books = { databaseUrl: api.databaseUrl, dataDir: workers[0]?.dataDir ?? '', deliveredElsewhere: true };
    const { census } = await expectCleanBooks({ ...books, settle: () => api.settle() });
    expect(census).toMatchObject({ acknowledgements: ORDERS, deliveredLines: handedOver[0]?.length });
    await Promise.all(workers.map((each) => each.stop({ audit: false })));
    await api.stop();
  });
});

const byNumber = (a: number, b: number): number => a - b;

async function ordersIn(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch(() => []);
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const lines = texts.flatMap((text) => text.trim().split('\n'));
  return lines.map((line) => (JSON.parse(line) as { data: { orderId: number } }).data.orderId);
}
