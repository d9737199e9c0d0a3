import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectCleanBooks } from '../support/books.js';
import { OPERATOR } from '../support/client.js';
import { type TestShop, startShop } from '../support/shop.js';
import { checkHistory } from './check-history.js';
import { recordHistory } from './record-history.js';

const LOAD = { clients: 200, operations: 2_500 };
const UNDECIDED_SHARE_MAX = 0.01;

let shop: TestShop;

beforeAll(async () => {
  // So long that no order expires: time alone changes nothing here.
  shop = await startShop({ HOLD_MINUTES: '1440' });
});

afterAll(() => shop.stop());

test(`what ${LOAD.clients} clients at once see of few orders, balances, coupons, carts and options fits into one order per object`, async () => {
  const seed = Date.now();
  const { violations, undecided, objects } = checkHistory(
    await recordHistory({ address: shop.address, operator: OPERATOR }, { seed, ...LOAD }),
  );
  expect(violations, `seed ${seed}`).toEqual([]);
  expect(undecided.length, `seed ${seed}: ${undecided.join('\n')}`).toBeLessThanOrEqual(objects * UNDECIDED_SHARE_MAX);
  await expectCleanBooks(shop);
}, 180_000);
