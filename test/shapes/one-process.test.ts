import { afterAll, beforeAll } from 'vitest';
import { expectCleanBooks } from '../support/books.js';
import { startShop } from '../support/shop.js';
import { describeCrowds } from './crowds.js';
import { describePayments } from './payments.js';
import type { ShapedShop } from './shaped-shop.js';

let shop: ShapedShop;

beforeAll(async () => {
  const started = await startShop();
  shop = { ...started, expectCleanBooks: async () => void (await expectCleanBooks(started)) };
});

afterAll(() => shop.stop());

describePayments(() => shop);
describeCrowds(() => shop);
