import { afterAll, beforeAll } from 'vitest';
import { describeWithKafka, sharedKafka } from '../support/shared-kafka.js';
import { describeCrowds } from './crowds.js';
import { startFiveServices } from './five-services.js';
import { describePayments } from './payments.js';
import type { ShapedShop } from './shaped-shop.js';

const START_MS_MAX = 120_000;

describeWithKafka('five services on Kafka, each with a database of its own', () => {
  let shop: ShapedShop;

  beforeAll(async () => {
    shop = await startFiveServices({ kafka: sharedKafka() });
  }, START_MS_MAX);

  afterAll(() => shop.stop());

  describePayments(() => shop);
  describeCrowds(() => shop);
});
