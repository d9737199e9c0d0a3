import type { Transaction } from '../../src/kernel/transaction.js';
import type { LoggedEvent } from '../../src/messaging/event-log.js';
import type { ShopEvent } from '../../src/messaging/event.js';
import type { Answered } from '../../src/messaging/kafka/request-client.js';
import type { Outcome } from '../../src/messaging/listener.js';
import { SAGA_ABORTED } from '../../src/messaging/saga-journal.js';
import { type Fault, Poison, isInjected } from './faults.js';
import { memoryTransaction } from './store/memory-unit-of-work.js';
import type { Striker } from './striker.js';

export type Handler = (tx: Transaction, events: readonly ShopEvent[]) => Promise<readonly Outcome[]>;
export type OutsideHandler = (events: readonly ShopEvent[], signal: AbortSignal) => Promise<void>;

export interface DeliveriesOptions {
  readonly striker: Striker;
  /** Delivers requests again, in any order, to whichever process is there then. */
  readonly redeliver: (subscriber: string, events: readonly ShopEvent[], handle: Handler, afterMs: number) => void;
  /** Has a consumer of whichever process is there then read events again. */
  readonly reread: (subscriber: string, events: readonly LoggedEvent[], afterMs: number) => void;
  /** Whether a payment has been rolled back, all of it. */
  readonly isRefused: (paymentId: number) => boolean;
  readonly violation: (sentence: string) => void;
  readonly note: (line: string) => void;
  readonly onDelivery: ((delivery: string) => void) | undefined;
}

/**
 * Stands between the bus and the listeners of all processes: repeats and reorders what is delivered, poisons it, and keeps
 * book of what was answered and handled, at the commit that did it.
 */
export class Deliveries {
  private readonly poisoned = new Map<string, number>();
  private readonly answers = new Map<string, string>();
  /** All that were ever given, as they travel. */
  private readonly given = new Set<string>();

  constructor(private readonly options: DeliveriesOptions) {}

  /** No more poison: what failed may succeed now. */
  cease(): void {
    this.poisoned.clear();
  }

  /** Everything that a process reports as a fault; ours are no news. */
  report(fault: unknown, where: string): void {
    if (isInjected(fault)) return;
    const what = fault instanceof Error ? (fault.stack ?? fault.message).split('\n').slice(0, 3).join(' ') : String(fault);
    this.options.violation(`${where}: an unexpected fault: ${what}`);
  }

  violation(sentence: string): void {
    this.options.violation(sentence);
  }

  /** X3: one answer of each subscriber, and one that it has given to this event. */
  assertAnswered({ id }: ShopEvent, subscribers: readonly string[], answers: readonly Answered[]): void {
    const isComplete = answers.length === subscribers.length;
    if (!isComplete) this.violation(`X3: ${id} got ${answers.length} answers of ${subscribers.length} subscribers`);
    for (const [index, { answer }] of answers.entries()) {
      const { subscriber } = answer;
      if (subscriber !== subscribers[index]) this.violation(`X3: ${id} was answered by ${subscriber} instead of ${subscribers[index]}`);
      const isKnown = answer.kind !== 'outcome' || this.given.has(givenKey(subscriber, id, answer.outcome));
      if (!isKnown) this.violation(`X3: ${id} was answered for ${subscriber} with what it has not said: ${JSON.stringify(answer)}`);
    }
  }

  ofRequests(subscriber: string, handle: Handler): Handler {
    const { striker, redeliver, violation, note } = this.options;
    return async (tx, events) => {
      const [first] = events as readonly [ShopEvent];
      this.tell('request', subscriber, events);
      this.poison('poison request', subscriber, first);
      this.maybeFail(subscriber, events);
      const again = striker.takeDelivery('duplicate request', isDelivery(subscriber, events));
      if (again) redeliver(subscriber, events, this.ofRequests(subscriber, handle), again.afterMs);
      const repeated = striker.takeDelivery('request twice in a batch') ? [...events, first] : events;
      if (repeated !== events) note(`  ⚡ ${first.id} stands twice in a batch of ${subscriber}`);
      const reversed = repeated.length > 1 && striker.takeDelivery('requests out of order') !== undefined;
      if (reversed) note(`  ⚡ ${subscriber} gets ${repeated.length} requests in reverse`);
      const batch = reversed ? repeated.toReversed() : repeated;
      const outcomes = await handle(tx, batch);
      if (outcomes.length !== batch.length) violation(`${subscriber} gave ${outcomes.length} outcomes for ${batch.length} requests`);
      memoryTransaction(tx).atCommit.push(() => batch.forEach((event, index) => this.answered(subscriber, event, outcomes[index])));
      return (reversed ? outcomes.toReversed() : outcomes).slice(0, events.length);
    };
  }

  ofDurables(subscriber: string, source: string, handle: Handler): Handler {
    return (tx, events) => {
      this.disturb(subscriber, events as readonly LoggedEvent[]);
      const memory = memoryTransaction(tx);
      memory.atCommit.push(() => {
        for (const event of events as readonly LoggedEvent[]) memory.database.handle(handlingKey(subscriber, source, event));
      });
      return handle(tx, events);
    };
  }

  outside(subscriber: string, handle: OutsideHandler): OutsideHandler {
    return (events, signal) => {
      this.disturb(subscriber, events as readonly LoggedEvent[]);
      return handle(events, signal);
    };
  }

  /** What a consumer has read, as it may come over a broker that rebalances: later ones first, or an earlier one missing. */
  asRead(subscriber: string, events: readonly LoggedEvent[]): readonly LoggedEvent[] {
    const { striker, note } = this.options;
    const isFirst = ({ shard }: LoggedEvent, index: number): boolean => events[index - 1]?.shard !== shard;
    if (events.length < 2 || events.every(isFirst)) return events;
    const disorder = striker.takeDelivery('events out of order');
    if (!disorder) return events;
    note(`  ⚡ ${subscriber} reads ${events.length} events ${disorder.withGap ? 'with a gap' : 'in reverse'}`);
    return disorder.withGap ? events.filter((event, index) => !isFirst(event, index)) : events.toReversed();
  }

  /** J2: a request is answered as it was answered the first time. J4: unless it has been rolled back in between. */
  private answered(subscriber: string, { id, data }: ShopEvent, outcome: Outcome | undefined): void {
    const key = `${subscriber} ${id}`;
    if (outcome) this.given.add(givenKey(subscriber, id, outcome));
    const isAborted = outcome?.kind === 'refused' && outcome.refusal.code === SAGA_ABORTED;
    const answer = isAborted ? SAGA_ABORTED : JSON.stringify(outcome);
    const before = this.answers.get(key);
    if (before !== undefined && before !== answer && !isAborted) {
      this.options.violation(`J2: ${key} was answered first with ${before}, then with ${answer}`);
    }
    this.answers.set(key, answer);
    const { paymentId } = data as { paymentId?: number };
    const isLate = paymentId !== undefined && this.options.isRefused(paymentId);
    if (isLate && outcome?.kind === 'done') this.options.violation(`J4: ${key} was answered with done after it had been rolled back`);
  }

  private tell(what: 'request' | 'event', subscriber: string, events: readonly ShopEvent[]): void {
    const { onDelivery } = this.options;
    if (onDelivery) for (const event of events) onDelivery(`${what} ${deliveryOf(subscriber, event)}`);
  }

  private disturb(subscriber: string, events: readonly LoggedEvent[]): void {
    const { striker, reread } = this.options;
    this.tell('event', subscriber, events);
    this.poison('poison event', subscriber, events[0] as ShopEvent);
    const again = striker.takeDelivery('duplicate event', isDelivery(subscriber, events));
    if (again) reread(subscriber, events, again.afterMs);
    this.maybeFail(subscriber, events);
  }

  private poison(kind: 'poison event' | 'poison request', subscriber: string, event: ShopEvent): void {
    const isMeant = (fault: Fault): boolean => fault.kind !== 'poison event' || (fault.subscriber ?? subscriber) === subscriber;
    const fault = this.options.striker.takeDelivery(kind, isMeant);
    if (!fault) return;
    this.options.note(`  ⚡ ${event.id} is poison for ${subscriber}, ${fault.times} time(s)`);
    this.poisoned.set(`${subscriber} ${event.id}`, fault.times);
  }

  private maybeFail(subscriber: string, events: readonly ShopEvent[]): void {
    if (this.poisoned.size === 0) return;
    for (const { id } of events) {
      const left = this.poisoned.get(`${subscriber} ${id}`) ?? 0;
      if (left <= 0) continue;
      this.poisoned.set(`${subscriber} ${id}`, left - 1);
      throw new Poison(`${id} is poison`);
    }
  }
}

/** How a delivery is named: `user.deduct-balance order.payment:1`. */
const deliveryOf = (subscriber: string, { id }: Pick<ShopEvent, 'id'>): string => `${subscriber} ${id}`;

const givenKey = (subscriber: string, id: string, outcome: Outcome): string =>
  `${subscriber} ${id} ${JSON.stringify(outcome.kind === 'done' ? outcome.answer : outcome.refusal)}`;

const isDelivery =
  (subscriber: string, events: readonly ShopEvent[]) =>
  ({ delivery }: { readonly delivery?: string }): boolean =>
    delivery === undefined || events.some((event) => deliveryOf(subscriber, event) === delivery);

/** Which event, in the log of which source, was handled by whom. */
export const handlingKey = (
  subscriber: string,
  source: string,
  { type, shard, position }: Pick<LoggedEvent, 'type' | 'shard' | 'position'>,
): string => `${subscriber} ${type} ${source} ${shard}/${position}`;
