import type { Databases } from '../../database/databases.js';
import type { Clock } from '../../kernel/clock.js';
import { LogAlerts } from '../alerting/log-alerts.js';
import { logFault } from '../alerting/log-faults.js';
import type { Alerts } from '../alerts.js';
import { type BoundSubscription, effectOf, requestListenerOf } from '../bound-subscription.js';
import { Consumer } from '../consumer.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { Subscriber } from '../event-log.js';
import { domainOf } from '../listener.js';
import { type Lag, Messaging } from '../messaging.js';
import type { ParkedCount } from '../parked-events.js';
import { PgCursorStore } from '../postgres/pg-cursor-store.js';
import { PgEventLog } from '../postgres/pg-event-log.js';
import { PgParkedEvents } from '../postgres/pg-parked-events.js';
import { InProcessEventBus } from './in-process-event-bus.js';

/** Messaging for domains that share one process: the bus, the logs behind it, and a consumer per durable subscription. */
export class InProcessMessaging extends Messaging {
  override readonly bus: InProcessEventBus;
  private readonly logs = new Map<string, PgEventLog>();
  private consumers: readonly Consumer[] = [];

  constructor(
    private readonly catalogue: EventCatalogue,
    private readonly databases: Databases,
    clock: Clock,
    private readonly alerts: Alerts = new LogAlerts(),
  ) {
    super();
    this.bus = new InProcessEventBus({
      catalogue,
      clock,
      logOf: (domain) => this.logOf(domain),
      unitOfWorkOf: (domain) => databases.of(domain),
      appended: (source, types) => this.hint(source, types),
    });
  }

  override async start(bound: readonly BoundSubscription[]): Promise<void> {
    this.catalogue.assertMatches(bound.map(({ subscription }) => subscription));
    for (const listener of bound.filter(({ subscription }) => subscription.event.kind === 'request').map(requestListenerOf)) {
      this.bus.listen(listener);
    }
    this.consumers = bound.filter(({ subscription }) => subscription.event.kind === 'durable').flatMap((each) => this.consumersOf(each));
    await Promise.all([this.openLogs(), this.openCursors()]);
    for (const consumer of this.consumers) consumer.start();
  }

  override async stop(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.stop()));
  }

  override async lag(): Promise<readonly Lag[]> {
    return Promise.all(this.consumers.map(async (consumer) => ({ ...consumer.identity, events: await consumer.lag() })));
  }

  override async parked(): Promise<readonly (Subscriber & ParkedCount)[]> {
    return Promise.all(this.consumers.map(async (consumer) => ({ ...consumer.identity, ...(await consumer.parkedCount()) })));
  }

  /** Method calls are always there. */
  override ping(): Promise<void> {
    return Promise.resolve();
  }

  private consumersOf(bound: BoundSubscription): Consumer[] {
    const { subscriber, event } = bound.subscription;
    const domain = domainOf(subscriber);
    return this.catalogue.publishersOf(event).map(
      (source) =>
        new Consumer({
          subscriber,
          type: event.type,
          effect: effectOf(bound),
          log: this.logOf(source),
          cursors: new PgCursorStore(this.databases.of(domain)),
          parked: new PgParkedEvents(this.databases.of(domain)),
          unitOfWork: this.databases.of(domain),
          alerts: this.alerts,
          neverGivesUp: this.catalogue.neverGivesUpOn(event),
          onFault: logFault,
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
}
