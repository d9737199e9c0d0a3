import type { PlannedRequest } from '../load/plan.js';
import { randomFrom } from '../load/schedule.js';
import { placeOrders } from '../town/orders.js';
import { logIn, type Town } from '../town/town.js';
import { couponRequest } from './coupon-rush.js';
import { newOrder } from './ordering.js';
import { payment } from './paying.js';
import { aProduct, TOP_PRODUCTS } from './reading.js';
import type { Scenario } from './scenario.js';

/** Of a hundred requests. */
export const SHARES = {
  'read a product': 38,
  'list products': 12,
  'read the top products': 8,
  'read the balance': 4,
  'put into the cart': 10,
  'look at the cart': 8,
  'create an order': 8,
  pay: 7,
  'cancel an order': 2,
  'get a coupon': 3,
} as const;

type Errand = keyof typeof SHARES;

const COUPONS_EACH = 1_000_000;
const OFFERS = `
  INSERT INTO shop_coupon.coupon (name, discount_rate, quantity, starts_at, expires_at)
  SELECT 'of the day', 10, ${COUPONS_EACH}, now(), now() + interval '1 day' FROM generate_series(1, $1::int) RETURNING id`;

/** Orders that are paid or cancelled were placed before, so that every request stands for itself. */
export const SHOP_DAY: Scenario = {
  name: 'shop-day',
  title: 'A mixed day in the shop',
  loads: [{ clients: 32 }, { clients: 128 }],
  expected: ['200', '201'],
  async prepare(town, generator) {
    const tokens = await logIn(town, generator, town.customers);
    let seed = 0;
    return { tokens, requests: (count) => aDay(town, count, ++seed) };
  },
};

async function aDay(town: Town, count: number, seed: number): Promise<PlannedRequest[]> {
  const random = randomFrom(seed);
  const errands = Array.from({ length: count }, () => drawn(random() * 100));
  const many = (...names: Errand[]): number => errands.filter((errand) => names.includes(errand)).length;
  const wanted = { customers: town.customers, optionIds: town.optionIds, coupons: false, seed };
  const orders = (await placeOrders(town.database, { ...wanted, count: many('pay', 'cancel an order') })).values();
  const coupons = await offers(town, many('get a coupon'));
  const somebody = (): number => Math.floor(random() * town.customers.length);
  const request: Readonly<Record<Errand, () => PlannedRequest>> = {
    'read a product': () => aProduct(town, random),
    'list products': () => ({ method: 'GET', path: '/api/products?sort=price_asc' }),
    'read the top products': () => TOP_PRODUCTS,
    'read the balance': () => ({ method: 'GET', path: '/api/users/me/balance', customer: somebody() }),
    'put into the cart': () => ({ ...newOrder(town, random), path: '/api/users/me/cart', body: aCartItem(town, random) }),
    'look at the cart': () => ({ method: 'GET', path: '/api/users/me/cart', customer: somebody() }),
    'create an order': () => newOrder(town, random),
    pay: () => payment(taken(orders.next())),
    'cancel an order': () => {
      const { orderId, customer } = taken(orders.next());
      return { method: 'POST', path: `/api/orders/${orderId}/cancel`, customer, body: '{}' };
    },
    'get a coupon': () => taken(coupons.next()),
  };
  return errands.map((errand) => request[errand]());
}

/** Nobody asks twice for the same. */
async function offers(town: Town, count: number): Promise<IterableIterator<PlannedRequest>> {
  const customers = town.customers.length;
  const { rows } = await town.database.query<{ id: string }>(OFFERS, [Math.ceil(count / customers)]);
  const requests = Array.from({ length: count }, (_, index): PlannedRequest => {
    return couponRequest(Number(rows[Math.floor(index / customers)]?.id), index % customers);
  });
  return requests.values();
}

function drawn(percent: number): Errand {
  let upTo = 0;
  for (const [errand, share] of Object.entries(SHARES)) {
    upTo += share;
    if (percent < upTo) return errand as Errand;
  }
  return 'read a product';
}

const aCartItem = ({ optionIds }: Town, random: () => number): string =>
  JSON.stringify({ productOptionId: optionIds[Math.floor(random() * optionIds.length)], quantity: 1 });

function taken<T>({ done, value }: IteratorResult<T, undefined>): T {
  if (done === true) throw new Error('too few were prepared');
  return value;
}
