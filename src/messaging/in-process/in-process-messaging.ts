import type { Databases } from '../../database/databases.js';
import type { Clock } from '../../kernel/clock.js';
import { type BoundSubscription, effectOf, requestListenerOf, servedHere } from '../bound-subscription.js';
import { Consumer } from '../consumer.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { Subscriber } from '../event-log.js';
import { domainOf } from '../listener.js';
import { logFault } from '../log-faults.js';
import { LogTail } from '../log-tail.js';
import { type Lag, Messaging } from '../messaging.js';
import type { ParkedCount } from '../parked-events.js';
import { PgCursorStore } from '../postgres/pg-cursor-store.js';
import { PgLogs, RETENTION_DAYS } from '../postgres/pg-logs.js';
import { PgParkedEvents } from '../postgres/pg-parked-events.js';
import { InProcessEventBus } from './in-process-event-bus.js';

/**
 * Messaging for domains that share a process: the bus, the logs behind it, and a consumer per durable subscription. Other
 * processes may do the same on the same databases.
 */
export class InProcessMessaging extends Messaging {
  override readonly bus: InProcessEventBus;
  private readonly logs: PgLogs;
  private readonly tails = new Map<string, LogTail>();
  private consumers: readonly Consumer[] = [];

  constructor(
    private readonly catalogue: EventCatalogue,
    private readonly databases: Databases,
    clock: Clock,
    retentionDays: number = RETENTION_DAYS,
  ) {
    super();
    const { sources, subscribingDomains } = catalogue;
    const onAppended = (source: string, types: ReadonlySet<string> | null): void => this.hint(source, types);
    this.logs = new PgLogs({ catalogue, databases, sources, readersOf: () => subscribingDomains, retentionDays, onAppended });
    this.bus = new InProcessEventBus({
      catalogue,
      clock,
      logOf: (domain) => this.logs.of(domain),
      unitOfWorkOf: (domain) => databases.of(domain),
      appended: (source, types) => this.logs.appended(source, types),
    });
  }

  override async start(found: readonly BoundSubscription[], listens?: (subscriber: string) => boolean): Promise<void> {
    const bound = servedHere(this.catalogue, found, listens);
    for (const listener of bound.filter(({ subscription }) => subscription.event.kind === 'request').map(requestListenerOf)) {
      this.bus.listen(listener);
    }
    this.consumers = bound.filter(({ subscription }) => subscription.event.kind === 'durable').flatMap((each) => this.consumersOf(each));
    await Promise.all([this.logs.open(), this.logs.openCursors(this.consumers.map(({ identity }) => identity))]);
    for (const part of [...this.consumers, this.logs]) part.start();
  }

  override async stop(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.stop()));
    await this.logs.stop();
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
    const database = this.databases.of(domainOf(subscriber));
    return this.catalogue.publishersOf(event).map(
      (source) =>
        new Consumer({
          subscriber,
          type: event.type,
          effect: effectOf(bound),
          log: this.tailOf(source),
          cursors: new PgCursorStore(database),
          parked: new PgParkedEvents(database),
          unitOfWork: database,
          bus: this.bus,
          neverGivesUp: this.catalogue.neverGivesUpOn(event),
          onFault: logFault,
        }),
    );
  }

  private tailOf(source: string): LogTail {
    const tail = this.tails.get(source) ?? new LogTail(this.logs.of(source));
    this.tails.set(source, tail);
    return tail;
  }

  private hint(source: string, types: ReadonlySet<string> | null): void {
    for (const consumer of this.consumers) {
      if (consumer.identity.source === source && (types === null || types.has(consumer.identity.type))) consumer.hint();
    }
  }
}
