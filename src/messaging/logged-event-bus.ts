import type { Clock } from '../kernel/clock.js';
import type { Transaction } from '../kernel/transaction.js';
import type { DurableEvent, ShopEvent, Unsent } from './event.js';
import { EventBus } from './event-bus.js';
import type { EventCatalogue } from './event-catalogue.js';
import type { EventLog } from './event-log.js';

export interface LoggedEventBusOptions {
  readonly catalogue: EventCatalogue;
  readonly clock: Clock;
  readonly logOf: (domain: string) => EventLog;
  /** Called after the commit that appended events of these types. */
  readonly appended: (source: string, types: ReadonlySet<string>) => void;
}

/** A bus whose durable events go into the log of the publishing domain; how they get on from there is the adapter's. */
export abstract class LoggedEventBus extends EventBus {
  private readonly unwritten = new WeakMap<Transaction, ShopEvent[]>();

  constructor(private readonly logging: LoggedEventBusOptions) {
    super();
  }

  override emit(tx: Transaction, ...events: readonly Unsent<DurableEvent>[]): Promise<void> {
    const sealed = events.map(({ definition, data }) => {
      this.logging.catalogue.assertPublishes(tx.domain, definition);
      return definition.seal(data, tx.domain, this.logging.clock.now());
    });
    const unwritten = this.unwritten.get(tx);
    if (unwritten) unwritten.push(...sealed);
    else if (sealed.length > 0) this.writeAtCommit(tx, sealed);
    return Promise.resolve();
  }

  /** One statement for all events of the transaction, as its last, so that the log's heads are locked for the commit only. */
  private writeAtCommit(tx: Transaction, events: ShopEvent[]): void {
    this.unwritten.set(tx, events);
    tx.beforeCommit(() => {
      // L1: what another last statement emits after this one is written by itself.
      this.unwritten.delete(tx);
      return this.logging.logOf(tx.domain).append(tx, events);
    });
    tx.afterCommit(() => this.logging.appended(tx.domain, new Set(events.map(({ type }) => type))));
  }
}
