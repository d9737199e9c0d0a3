import { Random } from '../simulation/random.js';
import { Client, Moments } from './client.js';
import type { History, Operation } from './history.js';
import type { ShopAddress } from './shop-client.js';
import { type World, createWorld } from './world.js';

export interface Load {
  /** The same seed makes the clients choose alike; how their requests meet in the shop is up to the machine. */
  readonly seed: number;
  readonly clients: number;
  readonly operations: number;
}

const FINAL_READS_AT_ONCE = 32;

/** Lets clients loose on a running shop, waits until all has come to rest, looks at everything once more, and returns what they saw. */
export async function recordHistory(shop: ShopAddress, { seed, clients: count, operations }: Load): Promise<History> {
  const world = await createWorld(shop, new Random(seed));
  const moments = new Moments();
  const clients = Array.from({ length: count }, (_, index) => new Client(world, moments, new Random(seed, index + 1), index));
  let left = operations;
  await Promise.all(
    clients.map(async (client) => {
      while (left-- > 0) await client.act();
    }),
  );
  await world.settle();
  const settledAt = moments.next();
  const witness = new Client(world, moments, new Random(seed), count);
  const looks = finalReads(world);
  while (looks.length > 0) await Promise.all(looks.splice(0, FINAL_READS_AT_ONCE).map((read) => witness.perform(read)));
  return {
    records: [...clients, witness].flatMap(({ records }) => records),
    products: world.products,
    userIds: world.users.map(({ userId }) => userId),
    initialBalance: world.initialBalance,
    settledAt,
  };
}

const finalReads = ({ users, products, coupons, orders }: World): Operation[] => [
  ...users.flatMap(({ userId }): Operation[] => [
    { kind: 'read-balance', userId },
    { kind: 'read-coupons', userId },
    { kind: 'read-cart', userId },
  ]),
  ...products.map(({ productId }): Operation => ({ kind: 'read-product', productId })),
  ...coupons.map((coupon): Operation => ({ kind: 'read-coupon', coupon })),
  ...orders.map((order): Operation => ({ kind: 'read-order', order })),
];
