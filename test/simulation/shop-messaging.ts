import { eventCatalogue } from '../../src/event-catalogue.js';
import type { Clock } from '../../src/kernel/clock.js';
import type { BoundSubscription, RequestListener } from '../../src/messaging/bound-subscription.js';
import { Consumer } from '../../src/messaging/consumer.js';
import type { Effect } from '../../src/messaging/effect.js';
import type { EventFeed, LoggedEvent } from '../../src/messaging/event-log.js';
import { domainOf } from '../../src/messaging/listener.js';
import type { LoggedEventBus } from '../../src/messaging/logged-event-bus.js';
import type { Deliveries, Handler, OutsideHandler } from './deliveries.js';
import type { Domain } from './domains.js';
import { RereadFeed } from './reread-feed.js';
import type { Context } from './scheduler.js';
import type { MemoryCursorStore } from './store/memory-cursor-store.js';
import type { MemoryDatabase } from './store/memory-database.js';
import type { MemoryEventLog } from './store/memory-event-log.js';
import type { MemoryParkedEvents } from './store/memory-parked-events.js';
import type { MemoryUnitOfWork } from './store/memory-unit-of-work.js';

type OfDomains<Part> = Readonly<Record<Domain, Part>>;

/** What the messaging of one process stands on. */
export interface MessagingSite {
  readonly database: MemoryDatabase;
  readonly context: Context;
  readonly deliveries: Deliveries;
  readonly clock: Clock;
  readonly unitsOfWork: OfDomains<MemoryUnitOfWork>;
  readonly logs: OfDomains<MemoryEventLog>;
  readonly cursors: OfDomains<MemoryCursorStore>;
  readonly parked: OfDomains<MemoryParkedEvents>;
}

/** How the domains of one process talk, with each other and with other processes. */
export interface ShopMessaging {
  readonly bus: LoggedEventBus;
  readonly readers: Readers;
  listen(bound: readonly BoundSubscription[]): void;
  start(): void;
}

/** The consumers of one process, each with the feed that it reads. */
export class Readers {
  readonly consumers: Consumer[] = [];
  private readonly feeds = new Map<Consumer, RereadFeed>();

  constructor(private readonly site: MessagingSite) {}

  add(bound: BoundSubscription, feed: EventFeed, bus: LoggedEventBus): Consumer {
    const { deliveries, cursors, parked, unitsOfWork } = this.site;
    const { subscriber, event } = bound.subscription;
    const domain = domainOf(subscriber) as Domain;
    const reread = new RereadFeed(feed, (events) => deliveries.asRead(subscriber, events));
    const consumer = new Consumer({
      subscriber,
      type: event.type,
      effect: this.effectOf(bound, feed.source),
      log: reread,
      cursors: cursors[domain],
      parked: parked[domain],
      bus,
      neverGivesUp: eventCatalogue.neverGivesUpOn(event),
      unitOfWork: unitsOfWork[domain],
      onFault: (fault) => deliveries.report(fault, subscriber),
    });
    this.consumers.push(consumer);
    this.feeds.set(consumer, reread);
    return consumer;
  }

  start(): void {
    for (const consumer of this.consumers) consumer.start();
  }

  hint(source: string, types: ReadonlySet<string>): void {
    for (const consumer of this.consumers) {
      if (consumer.identity.source === source && types.has(consumer.identity.type)) consumer.hint();
    }
  }

  reread(subscriber: string, events: readonly LoggedEvent[]): void {
    const [{ type, source }] = events as readonly [LoggedEvent];
    const consumer = this.consumers.find(
      ({ identity }) => identity.subscriber === subscriber && identity.type === type && identity.source === source,
    );
    if (!consumer) throw new Error(`nobody reads ${type} of ${source} for ${subscriber}`);
    this.feeds.get(consumer)?.reread(events);
    consumer.hint();
  }

  private effectOf(bound: BoundSubscription, source: string): Effect {
    const { deliveries } = this.site;
    const { subscriber, mode } = bound.subscription;
    const method = methodOf(bound);
    return mode === 'transaction'
      ? { mode, handle: deliveries.ofDurables(subscriber, source, method as Handler) }
      : { mode, handle: deliveries.outside(subscriber, method as OutsideHandler) };
  }
}

export function requestListener(bound: BoundSubscription, deliveries: Deliveries): RequestListener {
  const { subscription } = bound;
  if (subscription.mode !== 'transaction') throw new Error(`${subscription.subscriber} answers outside of a transaction`);
  const { subscriber, concerns, event } = subscription;
  return { type: event.type, subscriber, concerns, handle: deliveries.ofRequests(subscriber, methodOf(bound) as Handler) };
}

/** The listener's method, found at each call: a planted bug may have replaced it. */
function methodOf({ subscription: { method, subscriber }, target }: BoundSubscription): unknown {
  const methods = target as Record<string | symbol, ((...given: unknown[]) => unknown) | undefined>;
  if (!methods[method]) throw new Error(`${subscriber} has no method ${String(method)}`);
  return (...given: unknown[]) => methods[method]?.(...given);
}
