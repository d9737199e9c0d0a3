import type { History, Operation, Shape } from './history.js';
import { Random } from './random.js';
import { randomFaults } from './random-faults.js';
import { randomKafkaFaults } from './random-kafka-faults.js';

/**
 * `plain`: a few orders, everything goes wrong. `crowd`: many at once, in batches that meet. `queue`: a crowd behind a batch
 * that takes longer than the leases of those who wait. `outage`: a commit whose answer is lost, by a server that stays away for longer than a payment may take. `refused`: nobody has the money, or the coupon,
 * and the compensations fail for a long time.
 */
export const FAMILIES = ['plain', 'crowd', 'queue', 'outage', 'refused'] as const;
export type Family = (typeof FAMILIES)[number];

const BALANCES: Readonly<Record<Family, readonly number[]>> = {
  plain: [0, 150, 500, 2_000, 10_000],
  crowd: [0, 150, 500, 2_000, 10_000],
  queue: [2_000, 10_000],
  outage: [2_000, 10_000],
  refused: [0, 150, 2_000],
};

/** How often each family comes, relative to the others. */
const FAMILY_WEIGHTS: Readonly<Record<Family, number>> = { plain: 55, crowd: 24, queue: 5, outage: 8, refused: 8 };

/** A history at random, small enough that things meet. */
export function randomHistory(seed: number, only?: Family, shape: Shape = 'in process'): History {
  const random = new Random(seed);
  const drawn = random.weighted(FAMILY_WEIGHTS);
  const family = only ?? drawn;
  const isCrowd = family === 'crowd' || family === 'queue';
  // Something takes longer here than a payment may.
  const isSlow = family === 'queue' || family === 'outage' || family === 'refused';
  const users = random.integer(1, 3);
  const options = Array.from({ length: random.integer(1, 3) }, () => ({
    stock: random.integer(1, isCrowd ? 12 : 6),
    price: random.integer(1, 5) * 100,
  }));
  const orders = isCrowd ? random.integer(4, 6) : Number(random.weighted({ 1: 3, 2: 4, 3: 2, 4: 1 }));
  const coupons = Array.from({ length: random.integer(0, 2) }, () => ({
    rate: random.pick([10, 33, 50, 100]),
    holders: Array.from({ length: users }, (_, user) => user + 1).filter(() => random.chance(0.7)),
    expiresAtMs: random.chance(0.25) ? random.integer(10, 500) : 1e9,
  }));
  const spreadMs = random.pick(isCrowd ? [1, 20] : [5, 60, 400]);
  const operations = randomOperations(random, { users, options: options.length, orders, coupons: coupons.length, spreadMs });
  const ending = random.weighted({ expire: 2, pay: 2, settle: 6 });
  const history: History = {
    seed,
    chance: 0,
    shape,
    processes: Number(random.weighted({ 1: isCrowd ? 1 : 3, 2: 5, 3: 1 })),
    balances: Array.from({ length: users }, () => random.pick(BALANCES[family])),
    options,
    coupons,
    periods: {
      leaseMs: isSlow ? 300 : random.pick([300, 1_200, 2_500]),
      deadlineMs: isSlow ? 1_500 : random.pick([1_500, 2_500, 6_000]),
      // Whoever waits for the expiry does not wait long.
      holdMs: random.chance(0.25) ? random.integer(30, 1_500) : ending === 'expire' ? 2_500 : 12_000,
    },
    latencyMsMax: random.pick(isCrowd ? [2, 10] : [0.5, 2, 2, 10]),
    orderIdStep: random.pick([1, 1, 8, 16]),
    operations,
    faults: randomFaults(random, family, operations.length),
    ending,
  };
  return shape === 'kafka' ? { ...history, faults: [...history.faults, ...randomKafkaFaults(random, operations.length)] } : history;
}

interface Size {
  readonly users: number;
  readonly options: number;
  readonly orders: number;
  readonly coupons: number;
  readonly spreadMs: number;
}

function randomOperations(random: Random, { users, options, orders, coupons, spreadMs }: Size): Operation[] {
  const anyProcess = (): number => random.integer(0, 2);
  const placings = Array.from({ length: orders }, (_, order): Operation => ({
    kind: 'place',
    order,
    atMs: random.between(0, spreadMs),
    process: anyProcess(),
    user: random.integer(1, users),
    key: random.chance(0.5) ? `cart ${random.integer(1, 4)}` : null,
    repeats: random.integer(0, 2),
    lines: Array.from({ length: random.integer(1, 2) }, () => ({
      option: random.integer(1, options),
      quantity: random.integer(1, 3),
    })),
  }));
  const others = placings.flatMap(({ atMs: placedAtMs }, order): Operation[] => {
    const later = (): Pick<Operation, 'atMs' | 'process'> => ({ atMs: placedAtMs + random.between(0, spreadMs), process: anyProcess() });
    const pay = (): Operation => ({
      kind: 'pay',
      order,
      ...later(),
      coupon: coupons > 0 && random.chance(0.5) ? random.integer(1, coupons) : null,
      repeats: random.integer(0, 2),
      respondAsync: random.chance(0.1),
      ...(random.chance(0.05) ? { by: random.integer(1, users) } : {}),
    });
    const payments = random.chance(0.9) ? [pay(), ...(random.chance(0.35) ? [pay()] : []), ...(random.chance(0.15) ? [pay()] : [])] : [];
    return [...payments, ...(random.chance(0.15) ? [{ kind: 'cancel' as const, order, ...later() }] : [])];
  });
  const topUp = (): Operation => {
    const amount = random.integer(1, 3) * 100;
    return {
      kind: 'top up',
      atMs: random.between(0, 2 * spreadMs),
      process: anyProcess(),
      user: random.integer(1, users),
      amount,
      key: random.chance(0.6) ? `key ${amount}` : null,
      repeats: random.integer(0, 1),
    };
  };
  return [...placings, ...others, ...Array.from({ length: random.pick([0, 0, 1, 3]) }, topUp)];
}
