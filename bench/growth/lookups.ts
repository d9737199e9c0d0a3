import { type Figures, figuresOf } from './measured-load.js';
import { between, type MeasuredShop } from './measured-shop.js';

const REQUESTS = 200;
const CLIENTS = 1;
const OPERATOR_ID = 1;
/** Of all customers this one has ordered most. */
const BEST_CUSTOMER = 2;

/** One request, and whose; without a token it is nobody's. */
interface Lookup {
  readonly path: string;
  readonly token?: string;
}
type Ask = (shop: MeasuredShop) => Promise<Lookup>;

const ofCustomer =
  (path: (userId: number) => string): Ask =>
  async (shop) => {
    const { userId, token } = await shop.customer();
    return { path: path(userId), token };
  };
const ofBestCustomer =
  (path: string): Ask =>
  async (shop) => ({ path, token: await shop.tokenOf(BEST_CUSTOMER, 'customer') });
const ofOperator =
  (path: (shop: MeasuredShop) => string): Ask =>
  async (shop) => ({ path: path(shop), token: await shop.tokenOf(OPERATOR_ID, 'operator') });
const ofAnybody =
  (path: (shop: MeasuredShop) => string): Ask =>
  (shop) =>
    Promise.resolve({ path: path(shop) });
const anyOrder = ({ size }: MeasuredShop): number => 1 + between(size.orders);

/** Every list and lookup of the API, each time for another customer, product or order. */
const LOOKUPS: Readonly<Record<string, Ask>> = {
  'orders of a customer': ofCustomer((userId) => `/api/users/${userId}/orders`),
  'orders of the best customer, by status': ofBestCustomer('/api/users/me/orders?status=CANCELLED'),
  'an order': ofOperator((shop) => `/api/orders/${anyOrder(shop)}`),
  'products, latest': ofAnybody(() => '/api/products'),
  'products, by price': ofAnybody(() => '/api/products?sort=price_asc'),
  'products of a category, by price': ofAnybody(() => `/api/products?sort=price_desc&category=${encodeURIComponent('category 7')}`),
  'products, popular': ofAnybody(() => '/api/products?sort=popular'),
  'products of a category, popular': ofAnybody(() => `/api/products?sort=popular&category=${encodeURIComponent('category 7')}`),
  'top products': ofAnybody(() => '/api/products/top'),
  'a product': ofAnybody((shop) => `/api/products/${Math.ceil(shop.option() / 2)}`),
  'a cart': ofCustomer((userId) => `/api/users/${userId}/cart`),
  'a balance': ofCustomer((userId) => `/api/users/${userId}/balance`),
  'the history of a balance': ofCustomer((userId) => `/api/users/${userId}/balance/logs`),
  'payments of the best customer, in the history': ofBestCustomer('/api/users/me/balance/logs?code=PAYMENT'),
  'coupons of a customer': ofCustomer((userId) => `/api/users/${userId}/coupons`),
  'current coupons': ofAnybody(() => '/api/coupons'),
  'operators: a coupon': ofOperator(() => '/api/admin/coupons/1'),
  'operators: payments': ofOperator(() => '/api/admin/payments'),
  'operators: customers by e-mail': ofOperator((shop) => `/api/admin/users?email=generated-${2 + between(shop.size.users)}`),
  'operators: dead letters': ofOperator(() => '/api/admin/dead-letters'),
  'operators: alerts': ofOperator(() => '/api/admin/alerts?state=OPEN'),
};

/** One client asks for each of them many times. */
export async function askForEverything(shop: MeasuredShop): Promise<ReadonlyMap<string, Figures>> {
  const figures = new Map<string, Figures>();
  for (const [what, ask] of Object.entries(LOOKUPS)) {
    const lookups = await Promise.all(Array.from({ length: REQUESTS }, () => ask(shop)));
    const requests = lookups.map(({ path, token }, index) => ({
      method: 'GET' as const,
      path,
      ...(token === undefined ? {} : { customer: index }),
    }));
    const tokens = lookups.map(({ token }) => token ?? '');
    figures.set(what, figuresOf(await shop.measure({ requests, tokens, clients: CLIENTS, expected: '200' })));
  }
  return figures;
}
