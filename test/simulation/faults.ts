import { Unavailable } from '../../src/kernel/faults.js';
import { ListenerFault } from '../../src/messaging/kafka/answers.js';
import type { Shape } from './history.js';
import type { Op } from './store/io.js';
import { Deadlock } from './store/memory-transaction.js';

/**
 * What can go wrong, and for how long. A fault is aimed at the first await at or after `atAwait` that it fits, and whose trace
 * has `where` in it; those of deliveries, at the first delivery from then on.
 *
 * Not among them: the loss of an acknowledged commit. The shop runs with `synchronous_commit`, and promises nothing without.
 */
export type Fault = { readonly atAwait: number; readonly where?: string } & (
  | { readonly kind: 'crash'; readonly restartAfterMs: number }
  /** The commit is durable, and the process dies before it hears so. */
  | { readonly kind: 'crash after commit'; readonly restartAfterMs: number }
  /** The connection breaks at the commit, which may have been done, or not; and perhaps the server stays away for a while. */
  | { readonly kind: 'commit unknown'; readonly done: boolean; readonly outageMs: number }
  | { readonly kind: 'connection lost' }
  | { readonly kind: 'deadlock victim' }
  | { readonly kind: 'lock timeout' }
  | { readonly kind: 'late statement'; readonly byMs: number }
  | { readonly kind: 'late answer'; readonly byMs: number }
  /** The process hangs, is thought dead, and goes on later: a zombie. Its connections may be gone by then. */
  | { readonly kind: 'zombie'; readonly forMs: number; readonly keepsConnections: boolean }
  /** One domain's database is away. */
  | { readonly kind: 'outage'; readonly forMs: number }
  /** The server crashes and loses its tail: all that has not committed, and the unlogged tables. Then it recovers. */
  | { readonly kind: 'server crash'; readonly forMs: number }
  /** What a client is told does not arrive: the tail of what it knows is lost. */
  | { readonly kind: 'lost answers'; readonly times: number }
  | { readonly kind: 'lost hints'; readonly times: number }
  /** A request is delivered once more later, perhaps to another process. `delivery` says which: any, when it is not said. */
  | { readonly kind: 'duplicate request'; readonly afterMs: number; readonly delivery?: string }
  /** A consumer, perhaps of another process, reads an event once more that has been handled. */
  | { readonly kind: 'duplicate event'; readonly afterMs: number; readonly delivery?: string }
  | { readonly kind: 'request twice in a batch' }
  /** A listener gets a batch of requests in reverse. */
  | { readonly kind: 'requests out of order' }
  /** A consumer reads the later event of a shard before the earlier one, or without it. */
  | { readonly kind: 'events out of order'; readonly withGap: boolean }
  /** A listener throws at an event; whichever comes first where no subscriber is named. */
  | { readonly kind: 'poison event'; readonly times: number; readonly subscriber: string | null }
  | { readonly kind: 'poison request'; readonly times: number }
  /** Kafka has taken a message or a batch, and the sender does not hear of it. */
  | { readonly kind: 'acknowledgement lost' }
  /** Messages that one broker alone had acknowledged are gone: requests, answers, rewinds. */
  | { readonly kind: 'lost messages'; readonly times: number }
  /** What all brokers had acknowledged is gone all the same: the last ones of a partition. */
  | { readonly kind: 'lost tail'; readonly messages: number }
  /** What was sent comes once more. `where` is a part of the topic's name. */
  | { readonly kind: 'duplicate messages'; readonly afterMs: number }
  /** A batch comes in reverse, and what is sent meanwhile before it. */
  | { readonly kind: 'messages out of order'; readonly byMs: number }
  /** The partitions of all groups change hands, while those who had them go on for a while; perhaps the offsets are lost, too. */
  | { readonly kind: 'rebalance'; readonly forgetsOffsets: boolean }
  /** What all have handled is dropped from the logs: nobody can be sent it again. */
  | { readonly kind: 'logs cut' }
  | { readonly kind: 'database clock goes ahead' | 'database clock goes back'; readonly byMs: number }
  | { readonly kind: 'process clock goes ahead' | 'process clock goes back'; readonly byMs: number }
);

export type FaultKind = Fault['kind'];
export type FaultOf<Kind extends FaultKind> = Extract<Fault, { kind: Kind }>;
/** Those that strike no await but a delivery. */
export type DeliveryFaultKind = Exclude<FaultKind, AwaitFaultKind>;

/** Which awaits a fault fits: all, or those of some kinds. */
const AWAITS_STRUCK = {
  crash: 'any',
  'crash after commit': ['commit', 'autocommit', 'outside', 'send'],
  'commit unknown': ['commit'],
  'connection lost': 'any',
  'deadlock victim': ['statement'],
  'lock timeout': ['statement'],
  'late statement': 'any',
  'late answer': ['commit', 'autocommit', 'outside', 'send'],
  'acknowledgement lost': ['send'],
  'lost messages': ['send'],
  rebalance: 'any',
  'logs cut': 'any',
  zombie: 'any',
  outage: 'any',
  'server crash': 'any',
  'lost answers': 'any',
  'lost hints': 'any',
  'database clock goes ahead': 'any',
  'database clock goes back': 'any',
  'process clock goes ahead': 'any',
  'process clock goes back': 'any',
} as const satisfies Partial<Record<FaultKind, 'any' | readonly Op['kind'][]>>;

export type AwaitFaultKind = keyof typeof AWAITS_STRUCK;

const ALL_FAULT_KINDS: readonly FaultKind[] = [
  ...(Object.keys(AWAITS_STRUCK) as AwaitFaultKind[]),
  'duplicate request',
  'duplicate event',
  'request twice in a batch',
  'requests out of order',
  'events out of order',
  'poison event',
  'poison request',
  'lost tail',
  'duplicate messages',
  'messages out of order',
];

/** There is no broker without Kafka. */
const ONLY_ON_KAFKA = [
  'acknowledgement lost',
  'lost messages',
  'lost tail',
  'duplicate messages',
  'messages out of order',
  'rebalance',
  'logs cut',
] as const satisfies readonly FaultKind[];

/** Those that strike whatever carries the events. */
export type FaultKindAnywhere = Exclude<FaultKind, (typeof ONLY_ON_KAFKA)[number]>;

/** Those that have to strike in the histories of a shape: Kafka's own in its shape, all others in process. */
export const faultKindsOf = (shape: Shape): readonly FaultKind[] =>
  ALL_FAULT_KINDS.filter((kind) => (shape === 'kafka') === ONLY_ON_KAFKA.some((each) => each === kind));

export function fits({ kind, where }: Fault, op: Op): boolean {
  if (!(kind in AWAITS_STRUCK)) return false;
  const struck: 'any' | readonly Op['kind'][] = AWAITS_STRUCK[kind as AwaitFaultKind];
  return (struck === 'any' || struck.includes(op.kind)) && (where === undefined || traceOf(op).includes(where));
}

/** How an await stands in the trace. */
export const traceOf = ({ domain, label }: Op): string => `${domain}: ${label}`;

/** `zombie {forMs: 4000, keepsConnections: true} at await 17`. */
export function describe({ kind, atAwait, ...details }: Fault): string {
  const facts = Object.entries(details).map(([name, value]) => `${name}: ${value}`);
  return `${kind}${facts.length > 0 ? ` {${facts.join(', ')}}` : ''} at await ${atAwait}`;
}

export class InjectedOutage extends Unavailable {}
export class InjectedDeadlock extends Deadlock {}
export class LockTimeout extends Error {
  readonly code = '55P03';
}
export class Poison extends Error {}

/**
 * Whether a fault is of our making, or says that something is away; every other one that shows up in a history is a defect.
 * A fault of a listener that was asked over Kafka is looked at where it was thrown.
 */
export const isInjected = (fault: unknown): boolean =>
  [Unavailable, Deadlock, LockTimeout, Poison, ListenerFault].some((known) => fault instanceof known);
