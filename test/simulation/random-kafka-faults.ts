import type { Fault } from './faults.js';
import type { Random } from './random.js';

const AWAITS_PER_OPERATION = 100;
/** So early that much is still to come. */
const EARLY_AWAITS_PER_OPERATION = 25;
const FAULTS_MAX = 4;

/** How often each kind of fault comes, relative to the others. */
const WEIGHTS = {
  'acknowledgement lost': 8,
  'lost messages': 8,
  'lost tail': 14,
  'duplicate messages': 10,
  'messages out of order': 4,
  rebalance: 10,
  'logs cut': 8,
  outage: 4,
  'late statement': 6,
  crash: 6,
} as const;

/** What goes wrong with Kafka, besides what goes wrong without it. */
export function randomKafkaFaults(random: Random, operations: number): Fault[] {
  if (random.chance(0.1)) return [];
  const awaits = operations * AWAITS_PER_OPERATION;
  const faults = Array.from({ length: random.integer(1, FAULTS_MAX) }, () => randomFault(random, awaits));
  return random.chance(0.25) ? [...faults, ...disturbedRewind(random, operations * EARLY_AWAITS_PER_OPERATION)] : faults;
}

/** What chance seldom brings together: something is missing, and asking for it fails, or is heard again when it is long over. */
function disturbedRewind(random: Random, awaits: number): Fault[] {
  const atAwait = random.integer(1, awaits);
  const later = (least: number, most: number): number => atAwait + random.integer(least, most);
  const lost: Fault = { kind: 'lost tail', where: random.pick(['fail', 'fail.done']), atAwait, messages: 3 };
  return random.chance(0.5)
    ? [lost, { kind: 'lost messages', where: 'ordersaga.rewind', atAwait, times: 8 }]
    : [lost, { kind: 'logs cut', atAwait: later(100, 300) }, { kind: 'rebalance', atAwait: later(200, 500), forgetsOffsets: true }];
}

function randomFault(random: Random, awaits: number): Fault {
  const kind = random.weighted(WEIGHTS);
  const atAwait = random.integer(1, awaits);
  switch (kind) {
    case 'lost messages':
      return { kind, atAwait, times: random.integer(1, 4) };
    case 'lost tail':
      return { kind, atAwait, messages: random.integer(1, 3) };
    case 'duplicate messages':
      return {
        kind,
        atAwait,
        afterMs: random.pick([0, 30, 300, 3_000, 9_000]),
        ...(random.chance(0.3) ? { where: random.pick(['replies', 'rewind']) } : {}),
      };
    case 'rebalance':
      return { kind, atAwait, forgetsOffsets: random.chance(0.4) };
    case 'messages out of order':
      return { kind, atAwait, byMs: random.pick([5, 50, 1_000]) };
    case 'acknowledgement lost':
    case 'logs cut':
      return { kind, atAwait };
    case 'outage':
      return { kind, atAwait, where: 'kafka: ', forMs: random.pick([20, 300, 2_000, 6_000]) };
    case 'late statement':
      return { kind, atAwait, where: 'kafka: ', byMs: random.pick([30, 300, 1_500, 4_000]) };
    case 'crash':
      return {
        kind,
        atAwait,
        where: random.pick(['kafka: send', 'kafka: commit', 'kafka-relay']),
        restartAfterMs: random.pick([5, 100, 1_000]),
      };
  }
}
