import type { Fault, FaultKind } from './faults.js';
import { Random } from './random.js';
import type { Periods } from './store/memory-order-repository.js';

/** What a client does, and when. `order` counts the placings; `process` says who is asked, among those that live then. */
export type Operation = { readonly atMs: number; readonly process: number } & (
  | {
      readonly kind: 'place';
      readonly user: number;
      readonly lines: readonly { readonly option: number; readonly quantity: number }[];
      readonly key: string | null;
      readonly repeats: number;
    }
  | {
      readonly kind: 'pay';
      readonly order: number;
      readonly coupon: number | null;
      readonly repeats: number;
      readonly respondAsync: boolean;
      readonly by?: number;
    }
  | { readonly kind: 'cancel'; readonly order: number }
  | { readonly kind: 'top up'; readonly user: number; readonly amount: number; readonly key: string | null; readonly repeats: number }
);

/** Everything that makes a run what it is: two runs of one history are the same, step by step. */
export interface History {
  readonly seed: number;
  readonly processes: number;
  /** Opening balance of user 1, 2, … */
  readonly balances: readonly number[];
  /** Pieces and price of option 1, 2, … */
  readonly options: readonly { readonly stock: number; readonly price: number }[];
  /** `coupon` n gives `rate` percent; its holders are users. */
  readonly coupons: readonly { readonly rate: number; readonly holders: readonly number[]; readonly expiresAtMs: number }[];
  readonly periods: Periods;
  readonly latencyMsMax: number;
  /** How far order ids lie apart: with 16 all events of a type share one shard, with 8 two. */
  readonly orderIdStep: 1 | 8 | 16;
  readonly operations: readonly Operation[];
  readonly faults: readonly Fault[];
  /** At the end: wait until all that is unpaid has expired, pay what is pending, or neither. */
  readonly ending: 'expire' | 'pay' | 'settle';
}

const AWAITS_PER_OPERATION = 45;

/** How often each kind of fault comes, relative to the others. */
const FAULT_WEIGHTS: Readonly<Record<FaultKind, number>> = {
  crash: 12,
  'crash after commit': 6,
  'commit unknown': 14,
  'connection lost': 6,
  'deadlock victim': 4,
  'lock timeout': 4,
  'late statement': 12,
  'late answer': 6,
  zombie: 10,
  outage: 5,
  'lost hints': 4,
  'duplicate request': 12,
  'request twice in a batch': 3,
  'poison event': 8,
  'poison request': 3,
  'database clock jumps': 3,
  'process clock jumps': 2,
};

/** Where many are under way, what matters is that the same ones meet twice. */
const CROWD_WEIGHTS = { ...FAULT_WEIGHTS, 'duplicate request': 40, zombie: 25, 'late statement': 25 };

const COMPENSATING = [
  'order.back-to-pending',
  'order.back-to-pending',
  'order.await-compensations',
  'product.roll-back-stock',
  'coupon.cancel-use',
  'user.void-charge',
];

/**
 * `plain`: a few orders, everything goes wrong. `crowd`: many at once, in batches that meet. `outage`: a commit whose answer
 * is lost, by a server that stays away for longer than a payment may take.
 */
export type Family = 'plain' | 'crowd' | 'outage';

/** A history at random, small enough that things meet. */
export function randomHistory(seed: number, only?: Family): History {
  const random = new Random(seed);
  const drawn = random.weighted({ plain: 66, crowd: 26, outage: 8 });
  const family = only ?? drawn;
  const isCrowd = family === 'crowd';
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
  return {
    seed,
    processes: Number(random.weighted({ 1: isCrowd ? 1 : 3, 2: 5, 3: 1 })),
    balances: Array.from({ length: users }, () => random.pick(family === 'outage' ? [2_000, 10_000] : [0, 150, 500, 2_000, 10_000])),
    options,
    coupons,
    periods: {
      leaseMs: family === 'outage' ? 300 : random.pick([300, 1_200, 2_500]),
      deadlineMs: family === 'outage' ? 1_500 : random.pick([1_500, 2_500, 6_000]),
      // Whoever waits for the expiry does not wait long.
      holdMs: random.chance(0.25) ? random.integer(30, 1_500) : ending === 'expire' ? 2_500 : 12_000,
    },
    latencyMsMax: random.pick(isCrowd ? [2, 10] : [0.5, 2, 2, 10]),
    orderIdStep: random.pick([1, 1, 8, 16]),
    operations,
    faults: randomFaults(random, family, operations.length * AWAITS_PER_OPERATION),
    ending,
  };
}

function randomFaults(random: Random, family: Family, awaits: number): Fault[] {
  const some = (most: number, weights: Readonly<Record<FaultKind, number>>): Fault[] =>
    random.chance(0.08) ? [] : Array.from({ length: random.integer(1, most) }, () => randomFault(random, awaits, weights));
  switch (family) {
    case 'plain':
      return some(4, FAULT_WEIGHTS);
    case 'crowd':
      return some(3, CROWD_WEIGHTS);
    case 'outage':
      return [
        {
          kind: 'commit unknown',
          where: random.pick(COMMITS),
          atAwait: random.integer(1, awaits),
          done: random.chance(0.8),
          outageMs: random.pick([3_000, 6_000, 9_000]),
        },
        ...some(1, FAULT_WEIGHTS),
      ];
  }
}

interface Size {
  readonly users: number;
  readonly options: number;
  readonly orders: number;
  readonly coupons: number;
  readonly spreadMs: number;
}

function randomOperations(random: Random, { users, options, orders, coupons, spreadMs: spread }: Size): Operation[] {
  const placings = Array.from({ length: orders }, (): Operation & { kind: 'place' } => ({
    kind: 'place',
    atMs: random.between(0, spread),
    process: random.integer(0, 2),
    user: random.integer(1, users),
    ...{
      key: random.chance(0.5) ? `cart ${random.integer(1, 4)}` : null,
      repeats: random.integer(0, 2),
    },
    lines: Array.from({ length: random.integer(1, 2) }, () => ({
      option: random.integer(1, options),
      quantity: random.integer(1, 3),
    })),
  }));
  const others = placings.flatMap(({ atMs }, order): Operation[] => {
    const at = (): { atMs: number; process: number } => ({ atMs: atMs + random.between(0, spread), process: random.integer(0, 2) });
    const pay = (): Operation => ({
      kind: 'pay',
      order,
      ...at(),
      coupon: coupons > 0 && random.chance(0.5) ? random.integer(1, coupons) : null,
      ...{
        repeats: random.integer(0, 2),
        respondAsync: random.chance(0.1),
      },
      ...(random.chance(0.05) ? { by: random.integer(1, users) } : {}),
    });
    const payments = random.chance(0.9) ? [pay(), ...(random.chance(0.35) ? [pay()] : []), ...(random.chance(0.15) ? [pay()] : [])] : [];
    return [...payments, ...(random.chance(0.15) ? [{ kind: 'cancel' as const, order, ...at() }] : [])];
  });
  const topUp = (): Operation => {
    const amount = random.integer(1, 3) * 100;
    const key = random.chance(0.6) ? `key ${amount}` : null;
    const at = { atMs: random.between(0, 2 * spread), process: random.integer(0, 2) };
    return { kind: 'top up', ...at, user: random.integer(1, users), amount, key, repeats: random.integer(0, 1) };
  };
  return [...placings, ...others, ...Array.from({ length: random.pick([0, 0, 1, 3]) }, topUp)];
}

const COMMITS = ['user: COMMIT', 'user: COMMIT', 'order: COMMIT', 'product: COMMIT', 'coupon: COMMIT'];

/** Where faults hurt most. */
const SORE_SPOTS = [
  'order: begin',
  'order: finish',
  'order: COMMIT',
  'order: save rollbacks',
  'order: take payments over',
  'append order.processed',
  'product: confirm',
  'product: COMMIT',
  'product: hold',
  'coupon: use',
  'coupon: COMMIT',
  'user: save',
  'user: COMMIT',
  'append order.payment.fail',
];

function randomFault(random: Random, awaits: number, weights: Readonly<Record<FaultKind, number>>): Fault {
  const fault = anyFault(random, awaits, random.weighted(weights));
  if (fault.kind === 'poison event' || !random.chance(0.5)) return fault;
  return { ...fault, where: random.pick(fault.kind === 'commit unknown' ? COMMITS : SORE_SPOTS) };
}

function anyFault(random: Random, awaits: number, kind: FaultKind): Fault {
  const atAwait = random.integer(1, awaits);
  const times = random.integer(1, 4);
  const longMs = random.pick([30, 300, 1_500, 4_000, 9_000]);
  switch (kind) {
    case 'crash':
    case 'crash after commit':
      return { kind, atAwait, restartAfterMs: random.pick([5, 100, 1_000]) };
    case 'commit unknown':
      return { kind, atAwait, done: random.chance(0.7), outageMs: random.chance(0.5) ? 0 : longMs };
    case 'late statement':
    case 'late answer':
      return { kind, atAwait, byMs: longMs };
    case 'zombie':
      return { kind, atAwait, forMs: longMs, keepsConnections: random.chance(0.4) };
    case 'outage':
      return { kind, atAwait, forMs: random.pick([20, 300, 2_000, 6_000]) };
    case 'duplicate request':
      return { kind, atAwait, afterMs: random.pick([0, 3, 30, 300, 3_000]) };
    case 'database clock jumps':
      return { kind, atAwait, byMs: random.pick([-2_000, 2_000, 5_000, 20_000]) };
    case 'process clock jumps':
      return { kind, atAwait, byMs: random.pick([-5_000, 5_000, 60_000]) };
    case 'poison event':
      return { kind, atAwait, times: random.pick([1, 3, 5, 7]), subscriber: random.chance(0.5) ? random.pick(COMPENSATING) : null };
    case 'lost hints':
    case 'poison request':
      return { kind, atAwait, times };
    case 'connection lost':
    case 'deadlock victim':
    case 'lock timeout':
    case 'request twice in a batch':
      return { kind, atAwait };
  }
}
