import type { AnyEvent, DurableEvent } from './event.js';
import { domainOf, type Subscription } from './listener.js';

/** One line of the catalogue: who publishes an event, who listens, by which key it is ordered. */
export interface CatalogueEntry {
  readonly event: AnyEvent;
  /** Domains. */
  readonly publishers: readonly string[];
  /** Subscribers as named in `@OnEvent`, in the order in which their refusals count. */
  readonly subscribers: readonly string[];
  /** Durable events that bring money, stock or an order back to where they belong: tried again for ever, never a dead letter. */
  readonly neverGivesUp?: boolean;
}

/** Code and catalogue differ; the message names every difference. */
export class CatalogueMismatch extends Error {
  override readonly name = 'CatalogueMismatch';
}

/**
 * Every event of the shop, in one place. The composition root writes it (`src/event-catalogue.ts`); the bus obeys it.
 */
export class EventCatalogue {
  private readonly byType: ReadonlyMap<string, CatalogueEntry>;

  constructor(readonly entries: readonly CatalogueEntry[]) {
    this.byType = new Map(entries.map((entry) => [entry.event.type, entry]));
    if (this.byType.size !== entries.length) throw new Error('the event catalogue names an event twice');
  }

  entry(type: string): CatalogueEntry {
    const entry = this.byType.get(type);
    if (!entry) throw new Error(`the event ${type} is not in the event catalogue`);
    return entry;
  }

  publishersOf(event: AnyEvent): readonly string[] {
    return this.entry(event.type).publishers;
  }

  neverGivesUpOn(event: AnyEvent): boolean {
    return this.entry(event.type).neverGivesUp ?? false;
  }

  /** The durable events that a domain publishes. */
  publishedBy(domain: string): readonly DurableEvent[] {
    return this.entries
      .filter((entry) => entry.publishers.includes(domain))
      .flatMap(({ event }) => (event.kind === 'durable' ? [event] : []));
  }

  /** @throws when a domain publishes what the catalogue does not grant it. */
  assertPublishes(domain: string, event: AnyEvent): void {
    if (!this.publishersOf(event).includes(domain)) throw new Error(`the event catalogue does not let ${domain} publish ${event.type}`);
  }

  /**
   * Start-up fails here when code and catalogue differ: a listener nobody lists, or one that is listed and missing.
   *
   * @param domains those of this process, whose listeners must all be there. Unless given, all.
   */
  assertMatches(subscriptions: readonly Subscription[], domains?: readonly string[]): void {
    const listed = this.entries.flatMap(({ event, subscribers }) =>
      subscribers
        .filter((subscriber) => domains?.includes(domainOf(subscriber)) ?? true)
        .map((subscriber) => `${event.type} → ${subscriber}`),
    );
    const registered = subscriptions.map(({ event, subscriber }) => `${event.type} → ${subscriber}`);
    const differences = [
      ...listed.filter((line) => !registered.includes(line)).map((line) => `listed, but no listener: ${line}`),
      ...registered.filter((line) => !listed.includes(line)).map((line) => `a listener, but not listed: ${line}`),
      ...registered.filter((line, index) => registered.indexOf(line) !== index).map((line) => `two listeners of one name: ${line}`),
    ];
    if (differences.length > 0) throw new CatalogueMismatch(`the event catalogue and the listeners differ:\n  ${differences.join('\n  ')}`);
  }
}
