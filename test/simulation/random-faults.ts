import type { Fault, FaultKindAnywhere } from './faults.js';
import type { Random } from './random.js';
import type { Family } from './random-history.js';

const AWAITS_PER_OPERATION = 45;

/** How often each kind of fault comes, relative to the others. */
const FAULT_WEIGHTS: Readonly<Record<FaultKindAnywhere, number>> = {
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
  'server crash': 5,
  'lost answers': 5,
  'lost hints': 4,
  'duplicate request': 12,
  'duplicate event': 8,
  'request twice in a batch': 3,
  'requests out of order': 3,
  'events out of order': 4,
  'poison event': 8,
  'poison request': 3,
  'database clock goes ahead': 2,
  'database clock goes back': 2,
  'process clock goes ahead': 1,
  'process clock goes back': 1,
};

/** Where many are under way, what matters is that the same ones meet twice. */
const CROWD_WEIGHTS = {
  ...FAULT_WEIGHTS,
  'duplicate request': 40,
  zombie: 25,
  'late statement': 25,
  'requests out of order': 12,
  'events out of order': 15,
};

const COMPENSATING = [
  'order.back-to-pending',
  'order.back-to-pending',
  'order.await-compensations',
  'product.roll-back-stock',
  'coupon.cancel-use',
  'user.void-charge',
];

const COMMITS = ['user: COMMIT', 'user: COMMIT', 'order: COMMIT', 'product: COMMIT', 'coupon: COMMIT'];

/** What others wait behind. */
const BATCHES = [
  'order: begin payments',
  'product: confirm',
  'coupon: use',
  'user: save',
  'order: finish payments',
  'order: finish payments',
];

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

/** Faults for a history of so many operations; none at all in some. */
export function randomFaults(random: Random, family: Family, operations: number): Fault[] {
  const awaits = operations * AWAITS_PER_OPERATION;
  const some = (most: number, weights: Readonly<Record<FaultKindAnywhere, number>>): Fault[] =>
    random.chance(0.08) ? [] : Array.from({ length: random.integer(1, most) }, () => randomFault(random, awaits, weights));
  switch (family) {
    case 'plain':
      return some(6, FAULT_WEIGHTS);
    case 'crowd':
      return some(5, CROWD_WEIGHTS);
    case 'queue':
      return [
        {
          kind: 'late statement',
          where: random.pick(BATCHES),
          atAwait: random.integer(1, awaits),
          byMs: random.pick([700, 1_500, 3_000]),
        },
        ...some(1, CROWD_WEIGHTS),
      ];
    case 'outage':
      return [
        {
          kind: 'commit unknown',
          where: random.pick(COMMITS),
          atAwait: random.integer(1, awaits),
          done: random.chance(0.8),
          outageMs: random.pick([3_000, 6_000, 9_000]),
        },
        ...some(2, FAULT_WEIGHTS),
      ];
    case 'refused':
      // What needs no hint is seen when nothing else goes wrong.
      if (random.chance(0.15)) return [{ kind: 'lost hints', atAwait: random.integer(1, awaits), times: 4 }];
      return [...Array.from({ length: random.integer(1, 2) }, () => poisonedCompensation(random, awaits)), ...some(3, FAULT_WEIGHTS)];
  }
}

const poisonedCompensation = (random: Random, awaits: number): Fault => ({
  kind: 'poison event',
  atAwait: random.integer(1, awaits),
  times: random.pick([3, 5, 6]),
  subscriber: random.pick(COMPENSATING),
});

function randomFault(random: Random, awaits: number, weights: Readonly<Record<FaultKindAnywhere, number>>): Fault {
  const fault = faultOf(random, awaits, random.weighted(weights));
  if (fault.kind === 'poison event' || !random.chance(0.5)) return fault;
  return { ...fault, where: random.pick(fault.kind === 'commit unknown' ? COMMITS : SORE_SPOTS) };
}

function faultOf(random: Random, awaits: number, kind: FaultKindAnywhere): Fault {
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
    case 'server crash':
      return { kind, atAwait, forMs: random.pick([20, 300, 2_000, 6_000]) };
    case 'duplicate request':
    case 'duplicate event':
      return { kind, atAwait, afterMs: random.pick([0, 3, 30, 300, 3_000]) };
    case 'events out of order':
      return { kind, atAwait, withGap: random.chance(0.5) };
    case 'database clock goes ahead':
      return { kind, atAwait, byMs: random.pick([2_000, 5_000, 20_000]) };
    case 'process clock goes ahead':
      return { kind, atAwait, byMs: random.pick([5_000, 60_000]) };
    case 'database clock goes back':
    case 'process clock goes back':
      return { kind, atAwait, byMs: random.pick([2_000, 5_000]) };
    case 'poison event':
      return { kind, atAwait, times: random.pick([1, 3, 5, 7]), subscriber: random.chance(0.5) ? random.pick(COMPENSATING) : null };
    case 'lost answers':
    case 'lost hints':
    case 'poison request':
      return { kind, atAwait, times };
    case 'connection lost':
    case 'deadlock victim':
    case 'lock timeout':
    case 'request twice in a batch':
    case 'requests out of order':
      return { kind, atAwait };
  }
}
