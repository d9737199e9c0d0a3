import { Logger } from '@nestjs/common';
import type { Databases } from '../../database/databases.js';
import type { Clock } from '../../kernel/clock.js';
import { LogAlerts } from '../alerting/log-alerts.js';
import type { Alerts } from '../alerts.js';
import { Consumer } from '../consumer.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { Subscriber } from '../event-log.js';
import type { Subscription } from '../listener.js';
import { domainOf } from '../listener.js';
import type { OnFault } from '../on-fault.js';
import type { ParkedCount } from '../parked-events.js';
import { PgCursorStore } from '../postgres/pg-cursor-store.js';
import { PgEventLog } from '../postgres/pg-event-log.js';
import { PgParkedEvents } from '../postgres/pg-parked-events.js';
import { InProcessEventBus, type RequestListener } from './in-process-event-bus.js';

/** A subscription with the object that carries its method. */
export interface BoundSubscription {
  readonly subscription: Subscription;
  readonly target: object;
}

type Method = (...parameters: readonly unknown[]) => Promise<unknown>;

/** How far one subscriber is behind one source, in events; those that it gave up on are not counted. */
export interface Lag extends Subscriber {
  readonly events: number;
}

/** Messaging for domains that share one process: the bus, the logs behind it, and a consumer per durable subscription. */
export class InProcessMessaging {
  readonly bus: InProcessEventBus;
  private readonly logger = new Logger('Messaging');
  private readonly logs = new Map<string, PgEventLog>();
  private consumers: readonly Consumer[] = [];

  constructor(
    private readonly catalogue: EventCatalogue,
    private readonly databases: Databases,
    clock: Clock,
    private readonly alerts: Alerts = new LogAlerts(),
  ) {
    this.bus = new InProcessEventBus({
      catalogue,
      clock,
      logOf: (domain) => this.logOf(domain),
      unitOfWorkOf: (domain) => databases.of(domain),
      appended: (source, types) => this.hint(source, types),
    });
  }

  /**
   * @param found every listener in the code that is loaded. @param listens which of them belong to this process.
   * @throws when the catalogue and the listeners differ.
   */
  async start(found: readonly BoundSubscription[], listens: (subscriber: string) => boolean = () => true): Promise<void> {
    const bound = found.filter(({ subscription }) => listens(subscription.subscriber));
    this.catalogue.assertMatches(
      bound.map(({ subscription }) => subscription),
      listens,
    );
    for (const listener of bound.filter(({ subscription }) => subscription.event.kind === 'request').map(requestListener)) {
      this.bus.listen(listener);
    }
    this.consumers = bound.filter(({ subscription }) => subscription.event.kind === 'durable').flatMap((each) => this.consumersOf(each));
    await Promise.all([this.openLogs(), this.openCursors()]);
    for (const consumer of this.consumers) consumer.start();
  }

  /** Ends delivery after the batches in hand; what is left is delivered at the next start. */
  async stop(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.stop()));
  }

  async lag(): Promise<readonly Lag[]> {
    return Promise.all(this.consumers.map(async (consumer) => ({ ...consumer.identity, events: await consumer.lag() })));
  }

  /** The events that each subscriber could not handle yet, or gave up on. */
  async parked(): Promise<readonly (Subscriber & ParkedCount)[]> {
    return Promise.all(this.consumers.map(async (consumer) => ({ ...consumer.identity, ...(await consumer.parkedCount()) })));
  }

  private consumersOf({ subscription, target }: BoundSubscription): Consumer[] {
    const { subscriber, event } = subscription;
    const domain = domainOf(subscriber);
    const handle = methodOf({ subscription, target });
    return this.catalogue.publishersOf(event).map(
      (source) =>
        new Consumer({
          subscriber,
          type: event.type,
          effect: { mode: subscription.mode, handle },
          log: this.logOf(source),
          cursors: new PgCursorStore(this.databases.of(domain)),
          parked: new PgParkedEvents(this.databases.of(domain)),
          unitOfWork: this.databases.of(domain),
          alerts: this.alerts,
          neverGivesUp: this.catalogue.neverGivesUpOn(event),
          onFault: this.report,
        }),
    );
  }

  private logOf(domain: string): PgEventLog {
    const log = this.logs.get(domain) ?? new PgEventLog(this.databases.of(domain));
    this.logs.set(domain, log);
    return log;
  }

  private async openLogs(): Promise<void> {
    const publishers = new Set(this.catalogue.entries.flatMap(({ publishers: domains }) => domains));
    const open = (domain: string): Promise<void> => this.logOf(domain).open(this.catalogue.publishedBy(domain).map(({ type }) => type));
    await Promise.all([...publishers].map(open));
  }

  private async openCursors(): Promise<void> {
    const identities = this.consumers.map(({ identity }) => identity);
    const open = (domain: string): Promise<void> =>
      new PgCursorStore(this.databases.of(domain)).open(identities.filter(({ subscriber }) => domainOf(subscriber) === domain));
    await Promise.all([...new Set(identities.map(({ subscriber }) => domainOf(subscriber)))].map(open));
  }

  private hint(source: string, types: ReadonlySet<string>): void {
    for (const consumer of this.consumers) {
      if (consumer.identity.source === source && types.has(consumer.identity.type)) consumer.hint();
    }
  }

  private readonly report: OnFault = (fault, { subscriber, event, failures, retryInMs }) => {
    const what = event ? `${subscriber} failed on ${event.id}` : `${subscriber} cannot go on`;
    const next = retryInMs === null ? 'giving up: it is a dead letter now' : `trying again in ${Math.round(retryInMs)} ms`;
    this.logger.warn({ err: fault, failures, retryInMs }, `${what} (failure ${failures}), ${next}`);
  };
}

function methodOf({ subscription, target }: BoundSubscription): Method {
  const method = (target as Record<string | symbol, Method | undefined>)[subscription.method];
  if (!method) throw new Error(`${subscription.subscriber} has no method ${String(subscription.method)}`);
  return method.bind(target);
}

function requestListener(bound: BoundSubscription): RequestListener {
  const { subscription } = bound;
  if (subscription.mode !== 'transaction') throw new Error(`${subscription.subscriber}: a request event needs a listener in a transaction`);
  const handle = methodOf(bound) as unknown as RequestListener['handle'];
  return { type: subscription.event.type, subscriber: subscription.subscriber, concerns: subscription.concerns, handle };
}
