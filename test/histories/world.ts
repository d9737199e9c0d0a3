import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../simulation/random.js';
import type { CouponTerms, History, PlacedOrder } from './history.js';
import { type ShopAddress, must } from './shop-client.js';

const USERS = 12;
const PRODUCTS = 5;
const OPTIONS_PER_PRODUCT = 2;
const STOCK = 40;
const INITIAL_BALANCE = 20_000;
/** Clients ask for the latest coupons, and for the latest orders of a customer. Few, so that they meet. */
const COUPONS_ON_OFFER = 4;
const ORDERS_PER_USER = 4;
const SETTLE_MS_MAX = 60_000;
const LOOK_AGAIN_MS = 50;
const QUIET_LOOKS = 2;

export interface WorldUser {
  readonly userId: number;
  readonly token: string;
}

/** The few things that all clients meet at, new for each history. */
export class World {
  readonly shop: ShopAddress;
  readonly operatorToken: string;
  readonly users: readonly WorldUser[];
  readonly products: History['products'];
  readonly initialBalance = INITIAL_BALANCE;
  readonly coupons: CouponTerms[] = [];
  readonly orders: PlacedOrder[] = [];
  private readonly latestOrders = new Map<number, PlacedOrder[]>();

  constructor(shop: ShopAddress, operatorToken: string, users: readonly WorldUser[], products: History['products']) {
    this.shop = shop;
    this.operatorToken = operatorToken;
    this.users = users;
    this.products = products;
  }

  get couponsOnOffer(): readonly CouponTerms[] {
    return this.coupons.slice(-COUPONS_ON_OFFER);
  }

  ordersOf(userId: number): readonly PlacedOrder[] {
    return this.latestOrders.get(userId) ?? [];
  }

  placed(order: PlacedOrder): void {
    this.orders.push(order);
    this.latestOrders.set(order.userId, [...this.ordersOf(order.userId), order].slice(-ORDERS_PER_USER));
  }

  async offerCoupon(random: Random): Promise<void> {
    const terms = { discountRate: random.integer(1, 9) * 10, quantity: random.integer(1, USERS) };
    const body = { name: 'a coupon', ...terms, expiresAt: '2100-01-01T00:00:00Z' };
    const { couponId } = await must(this.shop, 201, 'POST', '/api/admin/coupons', { token: this.operatorToken, body });
    this.coupons.push({ couponId, ...terms });
  }

  /** Until no payment is under way and every durable event has been handled. */
  async settle(): Promise<void> {
    for (let quiet = 0, waitedMs = 0; quiet < QUIET_LOOKS; waitedMs += LOOK_AGAIN_MS) {
      if (waitedMs > SETTLE_MS_MAX) throw new Error('the shop never settles');
      await sleep(LOOK_AGAIN_MS);
      quiet = (await this.isQuiet()) ? quiet + 1 : 0;
    }
  }

  private async isQuiet(): Promise<boolean> {
    const { items } = await must(this.shop, 200, 'GET', '/api/admin/payments?underWay=true', { token: this.operatorToken });
    if (items.length > 0) return false;
    const metrics = await (await fetch(`${this.shop.address}/metrics`)).text();
    const undelivered = [...metrics.matchAll(/^ordersaga_(?:undelivered|parked)_events\{.*\} (\d+)$/gm)];
    if (undelivered.length === 0) throw new Error('the shop does not tell what it has not delivered');
    return undelivered.every(([, events]) => events === '0');
  }
}

export async function createWorld(shop: ShopAddress, random: Random): Promise<World> {
  const operatorToken: string = (await must(shop, 200, 'POST', '/api/auth/login', { body: shop.operator })).accessToken;
  const run = Date.now().toString(36) + random.integer(0, 1_000_000);
  const signUp = async (_: unknown, index: number): Promise<WorldUser> => {
    const credentials = { email: `${run}-${index}@example.com`, password: 'customer-password' };
    const { userId, accessToken } = await must(shop, 201, 'POST', '/api/auth/signup', { body: credentials });
    const charge = { token: operatorToken, body: { amount: INITIAL_BALANCE } };
    await must(shop, 201, 'POST', `/api/users/${userId}/balance/charges`, charge);
    return { userId, token: accessToken };
  };
  const prices = Array.from({ length: PRODUCTS }, () => random.integer(1, 10) * 111);
  const createProduct = async (price: number): Promise<History['products'][number]> => {
    const options = Array.from({ length: OPTIONS_PER_PRODUCT }, (_, index) => ({ name: `option ${index}`, stock: STOCK }));
    const body = { name: 'a thing', category: 'things', price, options };
    const product = await must(shop, 201, 'POST', '/api/admin/products', { token: operatorToken, body });
    const ids = product.options.map(({ productOptionId }: { productOptionId: number }) => ({ id: productOptionId, stock: STOCK }));
    return { productId: product.productId, options: ids };
  };
  const users = await Promise.all(Array.from({ length: USERS }, signUp));
  const world = new World(shop, operatorToken, users, await Promise.all(prices.map(createProduct)));
  for (let coupons = 0; coupons < COUPONS_ON_OFFER; coupons++) await world.offerCoupon(random);
  // Until the carts have heard of the products.
  await world.settle();
  return world;
}
