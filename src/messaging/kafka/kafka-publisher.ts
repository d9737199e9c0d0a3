import type { DomainDatabase } from '../../database/database.js';
import type { EventBus } from '../event-bus.js';
import type { Subscriber } from '../event-log.js';
import { PgCursorStore } from '../postgres/pg-cursor-store.js';
import type { PgLogs } from '../postgres/pg-logs.js';
import { PgParkedEvents } from '../postgres/pg-parked-events.js';
import { EventRelay, relayOf } from './event-relay.js';
import { GroupReader, type GroupReaderOptions } from './group-reader.js';
import type { KafkaSettings } from '../../config/kafka-settings.js';
import type { IncomingMessage } from './messages.js';
import { gapOf } from './rewinds.js';
import type { Sender } from './sender.js';
import type { Topics } from './topics.js';

export interface KafkaPublisherOptions {
  readonly database: DomainDatabase;
  readonly logs: PgLogs;
  /** The durable events that the domain publishes. */
  readonly types: readonly string[];
  readonly settings: KafkaSettings;
  readonly topics: Topics;
  readonly sender: Sender;
  readonly bus: EventBus;
  readonly onFault: GroupReaderOptions['onFault'];
}

/** One domain's way to Kafka: a relay for each type in its log, and an ear for those who miss something. */
export class KafkaPublisher {
  private readonly relays: ReadonlyMap<string, EventRelay>;
  private readonly rewinds: GroupReader;

  constructor(private readonly options: KafkaPublisherOptions) {
    const { database, logs, types, settings, topics, sender, bus, onFault } = options;
    const { domain } = database;
    const relay = (type: string): EventRelay =>
      new EventRelay({
        type,
        topic: topics.ofType(type),
        log: logs.of(domain),
        floors: logs.epochsOf(domain),
        cursors: new PgCursorStore(database),
        parked: new PgParkedEvents(database),
        unitOfWork: database,
        sender,
        bus,
        onFault: (fault, { retryInMs }) => onFault(fault, retryInMs),
      });
    this.relays = new Map(types.map((type) => [type, relay(type)]));
    const group = topics.group(relayOf(domain));
    const receive = (message: IncomingMessage, done: () => void): Promise<void> => this.rewind(message).then(done);
    this.rewinds = new GroupReader({ settings, group, topics: [topics.rewinds], receive, onFault });
  }

  get domain(): string {
    return this.options.database.domain;
  }

  get identities(): readonly Subscriber[] {
    return [...this.relays.values()].map(({ identity }) => identity);
  }

  start(): void {
    for (const part of [...this.relays.values(), this.rewinds]) part.start();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.relays.values(), this.rewinds].map((part) => part.stop()));
  }

  hint(types: Iterable<string> = this.relays.keys()): void {
    for (const type of types) this.relays.get(type)?.hint();
  }

  /** What is not in Kafka yet. */
  lag(): Promise<readonly (Subscriber & { readonly events: number })[]> {
    return Promise.all([...this.relays.values()].map(async (relay) => ({ ...relay.identity, events: await relay.lag() })));
  }

  private async rewind(message: IncomingMessage): Promise<void> {
    const gap = gapOf(message);
    if (gap.source === this.domain) await this.relays.get(gap.type)?.rewind(gap);
  }
}
