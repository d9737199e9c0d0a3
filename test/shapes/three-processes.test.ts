import { afterAll, beforeAll } from 'vitest';
import { describeWithRedis, sharedRedis } from '../support/redis.js';
import { describeCrowds } from './crowds.js';
import { describePayments } from './payments.js';
import type { ShapedShop } from './shaped-shop.js';
import { startThreeProcesses } from './three-processes.js';

const START_MS_MAX = 120_000;

describeWithRedis('three processes on one database, with Redis', () => {
  let shop: ShapedShop;

  beforeAll(async () => {
    const { url, keyPrefix = '' } = sharedRedis();
    shop = await startThreeProcesses({ REDIS_URL: url, REDIS_KEY_PREFIX: keyPrefix });
  }, START_MS_MAX);

  afterAll(() => shop.stop());

  describePayments(() => shop);
  describeCrowds(() => shop);
});
