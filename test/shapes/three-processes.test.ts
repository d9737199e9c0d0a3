import { afterAll, beforeAll } from 'vitest';
import { describeCrowds } from './crowds.js';
import { describePayments } from './payments.js';
import type { ShapedShop } from './shaped-shop.js';
import { startThreeProcesses } from './three-processes.js';

let shop: ShapedShop;

beforeAll(async () => {
  shop = await startThreeProcesses();
});

afterAll(() => shop.stop());

describePayments(() => shop);
describeCrowds(() => shop);
