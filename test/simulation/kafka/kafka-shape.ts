import { eventCatalogue } from '../../../src/event-catalogue.js';
import type { UnitOfWork } from '../../../src/kernel/transaction.js';
import type { BoundSubscription } from '../../../src/messaging/bound-subscription.js';
import type { Consumer } from '../../../src/messaging/consumer.js';
import { answerNameOf } from '../../../src/messaging/kafka/answers.js';
import { EventRelay, relayOf } from '../../../src/messaging/kafka/event-relay.js';
import { KafkaEventBus } from '../../../src/messaging/kafka/kafka-event-bus.js';
import { type IncomingMessage, receivedEventOf, UnreadableMessage } from '../../../src/messaging/kafka/messages.js';
import { type Gap, ReceivedEvents } from '../../../src/messaging/kafka/received-events.js';
import type { RequestClient } from '../../../src/messaging/kafka/request-client.js';
import { RequestEndpoint } from '../../../src/messaging/kafka/request-endpoint.js';
import { gapOf, rewindMessageOf } from '../../../src/messaging/kafka/rewinds.js';
import { domainOf } from '../../../src/messaging/listener.js';
import { type Domain, DOMAINS, isSimulated } from '../domains.js';
import { type MessagingSite, Readers, type ShopMessaging, requestListener } from '../shop-messaging.js';
import { MemoryLogFloors } from '../store/memory-log-floors.js';
import { CheckedRequests } from './checked-requests.js';
import { GroupMember, type GroupMemberOptions } from './group-member.js';
import { type MemoryBroker, REPLIES, REWINDS } from './memory-broker.js';
import { MemorySender } from './memory-sender.js';
import { ReplyReader } from './reply-reader.js';

/** Shorter than in the shop, like all periods here. */
const REPEAT_AFTER_MS = 150;
const REMIND_EVERY_MS = 3_000;

type Receive = GroupMemberOptions['receive'];

/** The durable events of a domain that somebody in the simulation reads. */
export const relayedTypes = (domain: Domain): readonly string[] =>
  eventCatalogue
    .publishedBy(domain)
    .map(({ type }) => type)
    .filter((type) => eventCatalogue.entry(type).subscribers.some(isSimulated));

/** All domains in this process, and they talk over Kafka: any process may be the one that hears, answers or relays. */
export class KafkaShape implements ShopMessaging {
  readonly bus: KafkaEventBus;
  readonly readers: Readers;
  readonly requests: RequestClient;
  readonly relays: readonly EventRelay[];
  readonly feeds: ReceivedEvents[] = [];
  readonly endpoints: RequestEndpoint[] = [];
  private readonly members: GroupMember[] = [];
  private readonly sender: MemorySender;

  constructor(
    private readonly site: MessagingSite,
    private readonly broker: MemoryBroker,
    replyPartition: number,
  ) {
    const { database, context, deliveries, clock, logs } = site;
    const { io } = database;
    this.readers = new Readers(site);
    this.sender = new MemorySender(broker, io, context);
    this.requests = new CheckedRequests(
      {
        topics: { ofType: (type) => type },
        replyPartition,
        repliesTo: (receive) => new ReplyReader({ broker, io, context, partition: replyPartition, receive }),
        sender: this.sender,
        clock,
        repeatAfterMs: REPEAT_AFTER_MS,
      },
      deliveries,
    );
    this.bus = new KafkaEventBus({
      catalogue: eventCatalogue,
      clock,
      requests: this.requests,
      refuseInTransaction: () => {},
      logOf: (domain) => logs[domain as Domain],
      appended: (source, types) => this.hint(source, types),
    });
    this.relays = DOMAINS.flatMap((domain) => relayedTypes(domain).map((type) => this.relay(domain, type)));
    for (const domain of DOMAINS) this.member(relayOf(domain), new Map([[REWINDS, this.rewinding(domain)]]));
  }

  listen(bound: readonly BoundSubscription[]): void {
    const bySubscriber = Map.groupBy(bound, ({ subscription }) => subscription.subscriber);
    for (const [subscriber, all] of bySubscriber) {
      const receiver = (each: BoundSubscription): Receive =>
        each.subscription.event.kind === 'request' ? this.answering(each) : this.feeding(each);
      this.member(subscriber, new Map(all.map((each) => [each.subscription.event.type, receiver(each)])));
    }
  }

  start(): void {
    this.requests.start();
    this.readers.start();
    for (const part of [...this.relays, ...this.members]) part.start();
  }

  private hint(source: string, types: ReadonlySet<string>): void {
    for (const relay of this.relays) if (relay.identity.source === source && types.has(relay.identity.type)) relay.hint();
  }

  private relay(domain: Domain, type: string): EventRelay {
    const { database, context, deliveries, logs, cursors, parked, unitsOfWork } = this.site;
    return new EventRelay({
      type,
      topic: type,
      log: logs[domain],
      floors: new MemoryLogFloors(database, unitsOfWork[domain], context),
      cursors: cursors[domain],
      parked: parked[domain],
      unitOfWork: unitsOfWork[domain],
      sender: this.sender,
      bus: this.bus,
      onFault: (fault) => deliveries.report(fault, relayOf(domain)),
      remindEveryMs: REMIND_EVERY_MS,
    });
  }

  private member(group: string, receivers: ReadonlyMap<string, Receive>): void {
    const { database, context, deliveries } = this.site;
    const receive: Receive = (message, done) => receivers.get(message.topic)?.(message, done);
    const onFault = (fault: unknown): void => deliveries.report(fault, group);
    const topics = [...receivers.keys()];
    this.members.push(new GroupMember({ broker: this.broker, io: database.io, context, group, topics, receive, onFault }));
  }

  private rewinding(domain: Domain): Receive {
    return async (message, done) => {
      const gap = gapOf(message);
      const relay = this.relays.find(({ identity }) => identity.source === domain && identity.type === gap.type);
      if (gap.source === domain) await relay?.rewind(gap);
      done();
    };
  }

  private answering(bound: BoundSubscription): Receive {
    const { deliveries, clock } = this.site;
    const listener = requestListener(bound, deliveries);
    const endpoint = new RequestEndpoint({
      listener,
      unitOfWork: this.reporting(listener.subscriber),
      sender: this.sender,
      repliesTopic: REPLIES,
      answerName: answerNameOf(listener.type, listener.subscriber, eventCatalogue.entry(listener.type).subscribers),
      clock,
      onFault: (fault) => deliveries.report(fault, listener.subscriber),
    });
    this.endpoints.push(endpoint);
    return (message, done) => endpoint.receive(message, done);
  }

  /** What a listener throws is another fault where it is heard of: it is looked at where it happens. */
  private reporting(subscriber: string): UnitOfWork {
    const { deliveries, unitsOfWork } = this.site;
    const unitOfWork = unitsOfWork[domainOf(subscriber) as Domain];
    return {
      run: (work) =>
        unitOfWork.run(work).catch((fault: unknown) => {
          deliveries.report(fault, subscriber);
          throw fault;
        }),
    };
  }

  private feeding(bound: BoundSubscription): Receive {
    const { event } = bound.subscription;
    const feeds = eventCatalogue.publishersOf(event).map((source) => this.feed(bound, source));
    return (message: IncomingMessage, done) => {
      const received = receivedEventOf(message);
      const feed = feeds.find(({ source }) => source === received.event.source);
      if (!feed) throw new UnreadableMessage(`${received.event.source} publishes no ${event.type}`);
      return feed.take(received, done);
    };
  }

  private feed(bound: BoundSubscription, source: string): ReceivedEvents {
    const { deliveries, cursors, unitsOfWork } = this.site;
    const { subscriber, event } = bound.subscription;
    const domain = domainOf(subscriber) as Domain;
    const feed = new ReceivedEvents({
      identity: { subscriber, type: event.type, source },
      cursors: cursors[domain],
      unitOfWork: unitsOfWork[domain],
      arrived: () => consumer.hint(),
      askForRewind: (gap) => this.askForRewind(gap),
      onLoss: ({ shard, from }, firstKept) =>
        deliveries.violation(`N2: ${subscriber} gives up ${event.type} of ${source} from ${from} to ${firstKept} in shard ${shard}`),
    });
    const consumer: Consumer = this.readers.add(bound, feed, this.bus);
    this.feeds.push(feed);
    return feed;
  }

  private askForRewind(gap: Gap): void {
    const { deliveries } = this.site;
    this.sender.send(rewindMessageOf(REWINDS, gap)).catch((fault: unknown) => deliveries.report(fault, gap.subscriber));
  }
}
