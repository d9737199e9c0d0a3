import { Logger } from '@nestjs/common';
import type { Databases } from '../../database/databases.js';
import type { Clock } from '../../kernel/clock.js';
import { Consumer } from '../consumer.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { Floor, Subscriber } from '../event-log.js';
import type { Subscription } from '../listener.js';
import { domainOf } from '../listener.js';
import type { OnFault } from '../on-fault.js';
import type { ParkedCount } from '../parked-events.js';
import { LogJanitor } from '../postgres/log-janitor.js';
import { PgCursorStore } from '../postgres/pg-cursor-store.js';
import { PgEventLog } from '../postgres/pg-event-log.js';
import { PgLogEpochs } from '../postgres/pg-log-epochs.js';
import { PgParkedEvents } from '../postgres/pg-parked-events.js';
import { PgWakeUps } from '../postgres/pg-wake-ups.js';
import { InProcessEventBus, type RequestListener } from './in-process-event-bus.js';

/** A subscription with the object that carries its method. */
export interface BoundSubscription {
  readonly subscription: Subscription;
  readonly target: object;
}

const DAY_MS = 24 * 60 * 60_000;
const RETENTION_DAYS = 7;
const EPOCH_MS = DAY_MS;
const EPOCH_GRACE_MS = 60_000;

type Method = (...parameters: readonly unknown[]) => Promise<unknown>;

/** How far one subscriber is behind one source, in events; those that it gave up on are not counted. */
export interface Lag extends Subscriber {
  readonly events: number;
}

/**
 * Messaging for domains that share a process: the bus, the logs behind it, and a consumer per durable subscription. Other
 * processes may do the same on the same databases.
 */
export class InProcessMessaging {
  readonly bus: InProcessEventBus;
  private readonly logger = new Logger('Messaging');
  private readonly logs = new Map<string, PgEventLog>();
  private readonly epochs: ReadonlyMap<string, PgLogEpochs>;
  private readonly janitors: readonly LogJanitor[];
  private readonly wakeUps: PgWakeUps;
  private consumers: readonly Consumer[] = [];

  constructor(
    private readonly catalogue: EventCatalogue,
    private readonly databases: Databases,
    clock: Clock,
    retentionDays: number = RETENTION_DAYS,
  ) {
    const times = { epochMs: EPOCH_MS, retentionMs: retentionDays * DAY_MS, graceMs: EPOCH_GRACE_MS };
    const { sources, subscribingDomains } = catalogue;
    this.epochs = new Map(sources.map((source) => [source, new PgLogEpochs({ databases, source, subscribingDomains, times })]));
    this.janitors = [...this.epochs].map(([source, epochs]) => new LogJanitor(source, epochs));
    this.wakeUps = new PgWakeUps({ databases, sources, onAppended: (source, types) => this.hint(source, types) });
    this.bus = new InProcessEventBus({
      catalogue,
      clock,
      logOf: (domain) => this.logOf(domain),
      unitOfWorkOf: (domain) => databases.of(domain),
      appended: (source, types) => {
        this.hint(source, types);
        this.wakeUps.tell(source, types);
      },
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
    for (const part of [...this.consumers, this.wakeUps, ...this.janitors]) part.start();
  }

  /** Ends delivery after the batches in hand; what is left is delivered at the next start. */
  async stop(): Promise<void> {
    await Promise.all([...this.consumers, ...this.janitors].map((part) => part.stop()));
    // After the consumers: what their last effects appended is told.
    await this.wakeUps.stop();
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
          cursors: this.cursorsOf(domain),
          parked: new PgParkedEvents(this.databases.of(domain)),
          unitOfWork: this.databases.of(domain),
          bus: this.bus,
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
    const open = (source: string): Promise<void> => this.logOf(source).open(this.catalogue.publishedBy(source).map(({ type }) => type));
    await Promise.all(this.catalogue.sources.map(open));
  }

  /** New subscribers begin with the oldest event that is kept. */
  private async openCursors(): Promise<void> {
    const byDomain = Map.groupBy(
      this.consumers.map(({ identity }) => identity),
      ({ subscriber }) => domainOf(subscriber),
    );
    const found = await Promise.all([...byDomain].map(([domain, identities]) => this.cursorsOf(domain).unopened(identities)));
    const bySource = Map.groupBy(found.flat(), ({ source }) => source);
    const open = async ([source, unopened]: [string, Subscriber[]]): Promise<void> =>
      this.epochs.get(source)?.openAtFloor((floors) => this.openAt(floors, unopened));
    await Promise.all([...bySource].map(open));
  }

  private async openAt(floors: readonly Floor[], unopened: readonly Subscriber[]): Promise<void> {
    const byDomain = Map.groupBy(unopened, ({ subscriber }) => domainOf(subscriber));
    await Promise.all([...byDomain].map(([domain, identities]) => this.cursorsOf(domain).open(identities, floors)));
  }

  private cursorsOf(domain: string): PgCursorStore {
    return new PgCursorStore(this.databases.of(domain));
  }

  private hint(source: string, types: ReadonlySet<string> | null): void {
    for (const consumer of this.consumers) {
      if (consumer.identity.source === source && (types === null || types.has(consumer.identity.type))) consumer.hint();
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
