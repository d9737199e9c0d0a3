import { Logger } from '@nestjs/common';
import type { DomainDatabase } from '../../database/database.js';
import type { Clock } from '../../kernel/clock.js';
import { type BoundSubscription, effectOf, requestListenerOf } from '../bound-subscription.js';
import { Consumer } from '../consumer.js';
import type { EventBus } from '../event-bus.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { Subscriber } from '../event-log.js';
import { logFault } from '../log-faults.js';
import { PgCursorStore } from '../postgres/pg-cursor-store.js';
import { PgParkedEvents } from '../postgres/pg-parked-events.js';
import { answerNameOf } from './answers.js';
import { GroupReader, type GroupReaderOptions } from './group-reader.js';
import type { KafkaSettings } from '../../config/kafka-settings.js';
import { type IncomingMessage, receivedEventOf, UnreadableMessage } from './messages.js';
import { type Gap, ReceivedEvents } from './received-events.js';
import { RequestEndpoint } from './request-endpoint.js';
import { rewindMessageOf } from './rewinds.js';
import type { Sender } from './sender.js';
import type { Topics } from './topics.js';

export interface KafkaSubscriberOptions {
  readonly subscriber: string;
  /** Its subscriptions, one for each event type. */
  readonly bound: readonly BoundSubscription[];
  readonly catalogue: EventCatalogue;
  readonly database: DomainDatabase;
  readonly settings: KafkaSettings;
  readonly topics: Topics;
  readonly sender: Sender;
  readonly clock: Clock;
  readonly bus: EventBus;
  readonly onFault: GroupReaderOptions['onFault'];
}

type Receive = GroupReaderOptions['receive'];

/** One listener of the shop on Kafka: a consumer group, whose members are the processes that have this listener. */
export class KafkaSubscriber {
  /** Those that handle durable events: one for each type and source. */
  readonly consumers: readonly Consumer[];
  private readonly logger = new Logger('Kafka');
  private readonly feeds: readonly ReceivedEvents[];
  private readonly endpoints: readonly RequestEndpoint[];
  private readonly reader: GroupReader;

  constructor(private readonly options: KafkaSubscriberOptions) {
    const { bound, catalogue, settings, topics, onFault } = options;
    const durable = bound.filter(({ subscription }) => subscription.event.kind === 'durable');
    const requests = bound.filter(({ subscription }) => subscription.event.kind === 'request');
    const delivered = durable.flatMap((each) =>
      catalogue.publishersOf(each.subscription.event).map((source) => this.deliver(each, source)),
    );
    this.consumers = delivered.map(({ consumer }) => consumer);
    this.feeds = delivered.map(({ feed }) => feed);
    const answered = requests.map((each) => ({ type: each.subscription.event.type, endpoint: this.endpointOf(each) }));
    this.endpoints = answered.map(({ endpoint }) => endpoint);
    const receivers = new Map<string, Receive>([
      ...durable.map(({ subscription: { event } }) => [topics.ofType(event.type), this.receiveEvent] as const),
      ...answered.map(
        ({ type, endpoint }) => [topics.ofType(type), (message, done) => endpoint.receive(message, done)] as [string, Receive],
      ),
    ]);
    this.reader = new GroupReader({
      settings,
      group: this.group,
      topics: [...receivers.keys()],
      receive: (message, done) => receivers.get(message.topic)?.(message, done),
      onFault,
    });
  }

  get group(): string {
    return this.options.topics.group(this.options.subscriber);
  }

  get identities(): readonly Subscriber[] {
    return this.consumers.map(({ identity }) => identity);
  }

  start(): void {
    for (const part of [...this.consumers, this.reader]) part.start();
  }

  /** From now on it is asked and told, with other processes or alone. */
  joined(): Promise<void> {
    return this.reader.joined();
  }

  /** The batch in hand is finished, what was asked is answered, and the group is left. */
  async stop(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.stop()));
    await this.reader.stop();
    await Promise.all(this.endpoints.map((endpoint) => endpoint.settled()));
  }

  private deliver(bound: BoundSubscription, source: string): { readonly consumer: Consumer; readonly feed: ReceivedEvents } {
    const { catalogue, database, subscriber, bus } = this.options;
    const { event } = bound.subscription;
    const cursors = new PgCursorStore(database);
    const feed = new ReceivedEvents({
      identity: { subscriber, type: event.type, source },
      cursors,
      unitOfWork: database,
      arrived: () => consumer.hint(),
      askForRewind: (gap) => this.askForRewind(gap),
      onLoss: (gap, firstKept) => this.tellOfLoss(gap, firstKept),
    });
    const consumer = new Consumer({
      subscriber,
      type: event.type,
      effect: effectOf(bound),
      log: feed,
      cursors,
      parked: new PgParkedEvents(database),
      unitOfWork: database,
      bus,
      neverGivesUp: catalogue.neverGivesUpOn(event),
      onFault: logFault,
    });
    return { consumer, feed };
  }

  private endpointOf(bound: BoundSubscription): RequestEndpoint {
    const { catalogue, database, topics, sender, clock, onFault } = this.options;
    const listener = requestListenerOf(bound);
    const { subscribers } = catalogue.entry(listener.type);
    return new RequestEndpoint({
      listener,
      unitOfWork: database,
      sender,
      repliesTopic: topics.replies,
      answerName: answerNameOf(listener.type, listener.subscriber, subscribers),
      clock,
      onFault: (fault) => onFault(fault, null),
    });
  }

  private readonly receiveEvent = (message: IncomingMessage, done: () => void): Promise<void> => {
    const received = receivedEventOf(message);
    const { type, source } = received.event;
    const feed = this.feeds.find(({ identity }) => identity.type === type && identity.source === source);
    if (!feed) throw new UnreadableMessage(`the event catalogue lets ${source} publish no ${type}`);
    return feed.take(received, done);
  };

  private askForRewind(gap: Gap): void {
    const { sender, topics, onFault } = this.options;
    this.logger.warn(`${gap.subscriber} misses ${gap.type} of ${gap.source} from ${gap.from} in shard ${gap.shard}: it is asked for again`);
    sender.send(rewindMessageOf(topics.rewinds, gap)).catch((fault: unknown) => onFault(fault, null));
  }

  private tellOfLoss({ subscriber, type, source, shard, from }: Gap, firstKept: number): void {
    this.logger.error(
      `${subscriber} lost ${firstKept - from} events: the log of ${source} keeps ${type} only from ${firstKept} in shard ${shard}, and ${from} was next`,
    );
  }
}
