import type { Fault } from './faults.js';
import type { History, Operation } from './history.js';
import { simulate } from './simulate.js';
import type { Op } from './store/io.js';

const PROCESSES = [1, 2];
/** Before and after the lease of the payment has run out. */
const RESTARTS_AFTER_MS = [5, 1_000];
/** Longer than the lease. */
const LONG_MS = 400;
/** A duplicate comes at once, in the middle of it all, and when all is over. */
const DUPLICATES_AFTER_MS = [0, 20, 1_000];

/** One order, and what becomes of it. */
const SCENARIOS = {
  paid: scenario({ balance: 10_000 }),
  'refused for want of money': scenario({ balance: 0 }),
  'refused for its coupon': scenario({ balance: 10_000, couponExpiresAtMs: 0 }),
  expired: scenario({ balance: 10_000, isPaid: false, holdMs: 300, ending: 'expire' }),
} as const satisfies Readonly<Record<string, History>>;

export interface Exhibit {
  readonly number: number;
  readonly what: string;
  readonly history: History;
}

/**
 * Everything that can happen to one order, not a sample of it: each fault at each await of the whole run, each delivery
 * repeated, each two deliveries repeated, and each crash together with each repeated delivery; by one process and by two.
 *
 * Bounded: the awaits and deliveries are those of the run in which nothing goes wrong, and latencies fall out in one way.
 */
export async function* smallScope(): AsyncGenerator<Exhibit> {
  let number = 0;
  for (const [name, whole] of Object.entries(SCENARIOS)) {
    for (const processes of PROCESSES) {
      const history = { ...whole, processes };
      const { awaits, deliveries } = await undisturbed(history);
      for (const faults of faultSets(awaits, deliveries)) {
        yield { number: ++number, what: `${name}, ${processes} process(es)`, history: { ...history, faults } };
      }
    }
  }
}

/** What there is to disturb: every await, and every delivery, once. */
async function undisturbed(history: History): Promise<{ readonly awaits: readonly Op['kind'][]; readonly deliveries: readonly string[] }> {
  const awaits: Op['kind'][] = [];
  const deliveries = new Set<string>();
  const { violations } = await simulate(history, {
    onAwait: ({ kind }) => awaits.push(kind),
    onDelivery: (delivery) => deliveries.add(delivery),
  });
  if (violations.length > 0) throw new Error(`nothing was disturbed, and yet: ${violations[0]}`);
  return { awaits, deliveries: [...deliveries] };
}

function* faultSets(awaits: readonly Op['kind'][], deliveries: readonly string[]): Generator<readonly Fault[]> {
  yield [];
  for (const [index, op] of awaits.entries()) for (const fault of faultsAt(index + 1, op)) yield [fault];
  const duplicates = deliveries.flatMap((delivery) => DUPLICATES_AFTER_MS.map((afterMs) => duplicateOf(delivery, afterMs)));
  for (const [index, first] of duplicates.entries()) {
    yield [first];
    for (const second of duplicates.slice(index)) yield [first, second];
  }
  for (const index of awaits.keys()) {
    const crash: Fault = { kind: 'crash', atAwait: index + 1, restartAfterMs: 5 };
    for (const delivery of deliveries) yield [crash, duplicateOf(delivery, 20)];
  }
}

/** Each fault that can strike this await. */
function* faultsAt(atAwait: number, op: Op['kind']): Generator<Fault> {
  for (const restartAfterMs of RESTARTS_AFTER_MS) yield { kind: 'crash', atAwait, restartAfterMs };
  yield { kind: 'connection lost', atAwait };
  yield { kind: 'late statement', atAwait, byMs: LONG_MS };
  yield { kind: 'zombie', atAwait, forMs: LONG_MS, keepsConnections: true };
  yield { kind: 'zombie', atAwait, forMs: LONG_MS, keepsConnections: false };
  yield { kind: 'outage', atAwait, forMs: LONG_MS };
  yield { kind: 'server crash', atAwait, forMs: LONG_MS };
  if (op === 'statement') {
    yield { kind: 'deadlock victim', atAwait };
    yield { kind: 'lock timeout', atAwait };
  }
  if (op === 'commit') {
    yield { kind: 'commit unknown', atAwait, done: true, outageMs: 0 };
    yield { kind: 'commit unknown', atAwait, done: false, outageMs: 0 };
  }
  if (op === 'commit' || op === 'autocommit' || op === 'outside') {
    for (const restartAfterMs of RESTARTS_AFTER_MS) yield { kind: 'crash after commit', atAwait, restartAfterMs };
    yield { kind: 'late answer', atAwait, byMs: LONG_MS };
  }
}

/** `delivery` is `<request or event> <subscriber> <event id>`. */
function duplicateOf(delivery: string, afterMs: number): Fault {
  const [kind, ...which] = delivery.split(' ');
  return { kind: kind === 'request' ? 'duplicate request' : 'duplicate event', atAwait: 0, afterMs, delivery: which.join(' ') };
}

function scenario({
  balance,
  couponExpiresAtMs = 1e9,
  isPaid = true,
  holdMs = 12_000,
  ending = 'settle',
}: {
  readonly balance: number;
  readonly couponExpiresAtMs?: number;
  readonly isPaid?: boolean;
  readonly holdMs?: number;
  readonly ending?: History['ending'];
}): History {
  const place: Operation = {
    kind: 'place',
    order: 0,
    atMs: 0,
    process: 0,
    user: 1,
    lines: [{ option: 1, quantity: 2 }],
    key: 'cart',
    repeats: 2,
  };
  const pay: Operation = { kind: 'pay', order: 0, atMs: 1, process: 0, coupon: 1, repeats: 2, respondAsync: false };
  return {
    seed: 1,
    chance: 0,
    shape: 'in process',
    processes: 1,
    balances: [balance],
    options: [{ stock: 3, price: 100 }],
    coupons: [{ rate: 50, holders: [1], expiresAtMs: couponExpiresAtMs }],
    periods: { leaseMs: 300, deadlineMs: 2_500, holdMs },
    latencyMsMax: 2,
    orderIdStep: 1,
    operations: isPaid ? [place, pay] : [place],
    faults: [],
    ending,
  };
}
