import { Logger } from '@nestjs/common';
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Databases } from '../../database/databases.js';
import type { Clock } from '../../kernel/clock.js';
import { Unavailable } from '../../kernel/faults.js';
import { type BoundSubscription, servedHere } from '../bound-subscription.js';
import type { Consumer } from '../consumer.js';
import type { EventCatalogue } from '../event-catalogue.js';
import { LOG_SHARDS, type Subscriber } from '../event-log.js';
import { domainOf } from '../listener.js';
import { type Lag, Messaging } from '../messaging.js';
import type { ParkedCount } from '../parked-events.js';
import { PgCursorStore } from '../postgres/pg-cursor-store.js';
import { PgLogs, RETENTION_DAYS } from '../postgres/pg-logs.js';
import { BrokerWatch } from './broker-watch.js';
import { innermost } from '../../kafka/client-options.js';
import { GroupLag, lagKey, type ReadingGroup } from './group-lag.js';
import { KafkaEventBus } from './kafka-event-bus.js';
import { KafkaPublisher } from './kafka-publisher.js';
import { KafkaSender } from './kafka-sender.js';
import type { KafkaSettings } from '../../config/kafka-settings.js';
import { KafkaSubscriber } from './kafka-subscriber.js';
import type { IncomingMessage } from './messages.js';
import { PartitionReader } from './partition-reader.js';
import { RequestClient } from './request-client.js';
import { type Topic, Topics } from './topics.js';

/** Processes may share one: each looks for the answers to its own questions. */
const REPLY_PARTITIONS = 16;
const CONNECT_AGAIN_EVERY_MS = 1_000;
/** A start waits so long for its groups to take it in, so that what comes after it finds it at work. */
const JOIN_MS_MAX = 10_000;

export interface KafkaMessagingOptions {
  readonly settings: KafkaSettings;
  readonly catalogue: EventCatalogue;
  /** Those of this process: whose events it sends, and whose listeners it has. */
  readonly domains: readonly string[];
  readonly databases: Databases;
  readonly clock: Clock;
  readonly retentionDays?: number;
  /** A request event that nobody has answered is sent again; for tests. */
  readonly repeatAfterMs?: number;
}

/**
 * Messaging over Kafka, for some domains or all of them in this process, and other processes for the same or the others.
 * Kafka carries the events; what they do, and how far they have come, stands in the domains' databases.
 */
export class KafkaMessaging extends Messaging {
  override readonly bus: KafkaEventBus;
  private readonly logger = new Logger('Kafka');
  private readonly stopping = new AbortController();
  private readonly topics: Topics;
  private readonly sender: KafkaSender;
  private readonly requests: RequestClient;
  private readonly watch: BrokerWatch;
  private readonly groupLag: GroupLag;
  private readonly logs: PgLogs;
  private readonly publishers: ReadonlyMap<string, KafkaPublisher>;
  private subscribers: readonly KafkaSubscriber[] = [];
  private connecting: Promise<void> = Promise.resolve();

  constructor(private readonly options: KafkaMessagingOptions) {
    super();
    const { settings, catalogue, databases, domains, clock, retentionDays = RETENTION_DAYS, repeatAfterMs } = options;
    const onFault = this.report;
    this.topics = new Topics(settings);
    this.sender = new KafkaSender(settings);
    this.groupLag = new GroupLag(settings);
    const { topics, sender } = this;
    const replyPartition = randomInt(REPLY_PARTITIONS);
    const repliesTo = (receive: (message: IncomingMessage) => void): PartitionReader =>
      new PartitionReader({ settings, topic: topics.replies, partition: replyPartition, receive, onFault });
    this.requests = new RequestClient({
      topics,
      replyPartition,
      repliesTo,
      sender,
      clock,
      ...(repeatAfterMs !== undefined && { repeatAfterMs }),
    });
    this.watch = new BrokerWatch({
      settings,
      onAway: ({ message }) => this.logger.warn(`${message}. Request events fail meanwhile, durable ones wait in the log`),
      onBack: () => this.goOn(),
    });
    this.bus = new KafkaEventBus({
      catalogue,
      clock,
      requests: this.requests,
      refuseInTransaction: () => databases.refuseInTransaction(),
      logOf: (domain) => this.logs.of(domain),
      appended: (source, types) => this.logs.appended(source, types),
    });
    this.logs = new PgLogs({
      catalogue,
      databases,
      sources: catalogue.sources.filter((source) => domains.includes(source)),
      // All others read what comes of it through Kafka.
      readersOf: (source) => [source],
      retentionDays,
      onAppended: (source, types) => this.publishers.get(source)?.hint(types ?? undefined),
    });
    this.publishers = new Map(domains.map((domain) => [domain, this.publisherOf(domain)]));
  }

  /** @throws KafkaTopicMismatch also. When Kafka is away, delivery begins as soon as it is there. */
  override async start(
    found: readonly BoundSubscription[],
    listens = (subscriber: string) => this.options.domains.includes(domainOf(subscriber)),
  ): Promise<void> {
    const bound = servedHere(this.options.catalogue, found, listens);
    const bySubscriber = Map.groupBy(bound, ({ subscription }) => subscription.subscriber);
    this.subscribers = [...bySubscriber].map(([subscriber, all]) => this.subscriberOf(subscriber, all));
    const relays = [...this.publishers.values()].flatMap(({ identities }) => identities);
    await Promise.all([this.logs.open(), this.logs.openCursors(relays), this.openCursors()]);
    for (const part of [this.logs, this.watch]) part.start();
    if (!(await this.connect(bound))) this.connecting = this.connectUntilItWorks(bound);
  }

  override async stop(): Promise<void> {
    this.stopping.abort();
    await this.connecting;
    await Promise.all(this.subscribers.map((subscriber) => subscriber.stop()));
    await Promise.all([...this.publishers.values(), this.requests, this.watch].map((part) => part.stop()));
    await Promise.all([this.sender, this.groupLag, this.logs].map((part) => part.stop()));
  }

  /**
   * What a subscriber has not dealt with is counted in Kafka, over all processes, and what is not there yet at the relay.
   * While Kafka is away: what this process has received and not handled.
   */
  override async lag(): Promise<readonly Lag[]> {
    // First: an event that is just being sent is counted here, or there.
    const relayed = await Promise.all([...this.publishers.values()].map((publisher) => publisher.lag()));
    const inKafka = await this.groupLag.of(this.groups(), LOG_SHARDS).catch(() => null);
    const lagOf = async (group: string, consumer: Consumer): Promise<Lag> => {
      const behind = inKafka?.get(lagKey(group, this.topics.ofType(consumer.identity.type)));
      const events = behind === undefined ? await consumer.lag() : behind + (await consumer.parkedCount()).waiting;
      return { ...consumer.identity, events };
    };
    const subscribed = this.subscribers.flatMap(({ group, consumers }) => consumers.map((consumer) => lagOf(group, consumer)));
    return [...relayed.flat(), ...(await Promise.all(subscribed))];
  }

  override parked(): Promise<readonly (Subscriber & ParkedCount)[]> {
    const consumers = this.subscribers.flatMap((subscriber) => subscriber.consumers);
    return Promise.all(consumers.map(async (consumer) => ({ ...consumer.identity, ...(await consumer.parkedCount()) })));
  }

  override ping(): Promise<void> {
    return this.watch.problem ? Promise.reject(this.watch.problem) : Promise.resolve();
  }

  private async connectUntilItWorks(bound: readonly BoundSubscription[]): Promise<void> {
    while (!this.stopping.signal.aborted) {
      await sleep(CONNECT_AGAIN_EVERY_MS, undefined, { signal: this.stopping.signal }).catch(() => {});
      try {
        if (this.stopping.signal.aborted || (await this.connect(bound))) return;
      } catch (fault) {
        this.report(fault, CONNECT_AGAIN_EVERY_MS);
      }
    }
  }

  /** @returns false when Kafka is away. */
  private async connect(bound: readonly BoundSubscription[]): Promise<boolean> {
    try {
      await this.topics.open(this.topicsOf(bound));
    } catch (fault) {
      if (!(fault instanceof Unavailable)) throw fault;
      await this.watch.look();
      this.report(fault, CONNECT_AGAIN_EVERY_MS);
      return false;
    }
    for (const part of [this.requests, ...this.publishers.values(), ...this.subscribers]) part.start();
    const joined = Promise.all(this.subscribers.map((subscriber) => subscriber.joined()));
    await Promise.race([joined, sleep(JOIN_MS_MAX, undefined, { signal: this.stopping.signal, ref: false }).catch(() => {})]);
    return true;
  }

  /** What this process sends to and reads from: others may not have begun yet. */
  private topicsOf(bound: readonly BoundSubscription[]): readonly Topic[] {
    const { catalogue, domains } = this.options;
    const published = catalogue.entries
      .filter(({ publishers }) => publishers.some((each) => domains.includes(each)))
      .map(({ event }) => event);
    const events = [...new Set([...published, ...bound.map(({ subscription }) => subscription.event)])];
    const types = (kind: 'request' | 'durable'): string[] => events.filter((event) => event.kind === kind).map(({ type }) => type);
    return [
      ...this.topics.events(types('durable'), false),
      ...this.topics.events(types('request'), true),
      { name: this.topics.replies, partitions: REPLY_PARTITIONS, passing: true },
      { name: this.topics.rewinds, partitions: 1, passing: true },
    ];
  }

  private groups(): readonly ReadingGroup[] {
    return this.subscribers
      .filter(({ identities }) => identities.length > 0)
      .map(({ group, identities }) => ({ group, topics: identities.map(({ type }) => this.topics.ofType(type)) }));
  }

  private goOn(): void {
    this.logger.log('Kafka answers again');
    for (const publisher of this.publishers.values()) publisher.hint();
  }

  private publisherOf(domain: string): KafkaPublisher {
    const { settings, catalogue, databases } = this.options;
    const types = catalogue.publishedBy(domain).map(({ type }) => type);
    const { logs, bus, topics, sender, report: onFault } = this;
    return new KafkaPublisher({ database: databases.of(domain), logs, types, settings, topics, sender, bus, onFault });
  }

  private subscriberOf(subscriber: string, bound: readonly BoundSubscription[]): KafkaSubscriber {
    const { settings, catalogue, databases, clock } = this.options;
    const { bus, topics, sender, report: onFault } = this;
    const database = databases.of(domainOf(subscriber));
    return new KafkaSubscriber({ subscriber, bound, catalogue, database, settings, topics, sender, clock, bus, onFault });
  }

  /** At the very beginning: with an event comes where its log begins. */
  private async openCursors(): Promise<void> {
    const byDomain = Map.groupBy(
      this.subscribers.flatMap(({ identities }) => identities),
      ({ subscriber }) => domainOf(subscriber),
    );
    const open = ([domain, identities]: [string, Subscriber[]]): Promise<void> =>
      new PgCursorStore(this.options.databases.of(domain)).open(identities, []);
    await Promise.all([...byDomain].map(open));
  }

  /** While Kafka is away every part of this process notices, and one line about it has been written. */
  private readonly report = (fault: unknown, retryInMs: number | null = null): void => {
    const cause = innermost(fault);
    const reason = cause instanceof Error ? cause.message : String(cause);
    const line = retryInMs === null ? reason : `${reason}, trying again in ${Math.round(retryInMs)} ms`;
    if (this.watch.problem) this.logger.debug(line);
    else this.logger.warn(line);
  };
}
