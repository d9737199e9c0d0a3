import type { LoadGenerator } from '../load/load-generator.js';
import type { PlannedRequest } from '../load/plan.js';
import { placeOrders, type UnpaidOrder } from '../town/orders.js';
import { logIn, type Town } from '../town/town.js';
import type { Prepared, Scenario } from './scenario.js';

const ALONE = { p50MsMax: 6, p99MsMax: 15 };
const OVERLOAD = { timesPeak: 5, once: true, secondsMin: 3 };

export const PAY_UNIFORM: Scenario = {
  name: 'pay-uniform',
  title: 'Pay, 1,000 products',
  loads: [
    { clients: 1, target: ALONE },
    { clients: 32, target: { ratioMin: 1 } },
    { clients: 128, target: { ratioMin: 1.5 } },
    { timesPeak: 0.5, target: { p99MsMax: 50 } },
    { ...OVERLOAD, target: { goodputMin: 0.8 } },
    { ...OVERLOAD, comesBack: true, target: { goodputMin: 0.8 } },
  ],
  expected: ['200'],
  yardstick: 'one transaction',
  counted: true,
  prepare: (town, generator) => paying(town, generator),
};

export const PAY_COUPONS: Scenario = {
  name: 'pay-coupons',
  title: 'Pay, every second with a coupon',
  loads: [
    { clients: 32, target: { ratioMin: 1 } },
    { clients: 128, target: { ratioMin: 1.5 } },
  ],
  expected: ['200'],
  yardstick: 'one transaction, coupons',
  reference: 'five transactions, coupons',
  counted: true,
  prepare: (town, generator) => paying(town, generator, { coupons: true }),
};

export const PAY_HOT: Scenario = {
  name: 'pay-hot',
  title: 'Pay, one hot product',
  loads: [{ clients: 32 }, { clients: 128, target: { ratioMin: 3 } }],
  expected: ['200'],
  yardstick: 'one transaction, one product',
  counted: true,
  prepare: (town, generator) => paying(town, generator, { optionIds: [town.hotOptionId] }),
};

export const PAY_REFUSED: Scenario = {
  name: 'pay-refused',
  title: 'Pay without enough balance',
  loads: [{ clients: 32 }],
  expected: ['422 INSUFFICIENT_BALANCE'],
  counted: true,
  async prepare(town, generator) {
    const wanted = { customers: town.poor, optionIds: town.optionIds, coupons: false, seed: 1 };
    let orders: UnpaidOrder[] = [];
    return {
      tokens: await logIn(town, generator, town.poor),
      // A refused order is PENDING again, so that it can be tried again.
      async requests(count) {
        if (orders.length < count) orders = await placeOrders(town.database, { ...wanted, count });
        return orders.slice(0, count).map(payment);
      },
    };
  },
};

/** Every customer's orders are for any of the options. */
async function paying(
  town: Town,
  generator: LoadGenerator,
  { optionIds = town.optionIds, coupons = false }: { readonly optionIds?: readonly number[]; readonly coupons?: boolean } = {},
): Promise<Prepared> {
  let seed = 0;
  return {
    tokens: await logIn(town, generator, town.customers),
    async requests(count) {
      seed++;
      const orders = await placeOrders(town.database, { customers: town.customers, optionIds, count, coupons, seed });
      return orders.map(payment);
    },
  };
}

export const payment = ({ orderId, customer, couponId }: UnpaidOrder): PlannedRequest => ({
  method: 'POST',
  path: `/api/orders/${orderId}/payment`,
  customer,
  body: couponId === null ? '{}' : JSON.stringify({ couponId }),
});
