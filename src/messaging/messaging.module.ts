import { type DynamicModule, Inject, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import type { KafkaSettings } from '../config/kafka-settings.js';
import type { Serving } from '../config/serving.js';
import { Databases } from '../database/databases.js';
import { Clock, SystemClock } from '../kernel/clock.js';
import type { BoundSubscription } from './bound-subscription.js';
import { DeadLetters } from './dead-letters.js';
import { EventBus } from './event-bus.js';
import { EventCatalogue } from './event-catalogue.js';
import { InProcessMessaging } from './in-process/in-process-messaging.js';
import { subscriptionsOf } from './listener.js';
import { Messaging } from './messaging.js';
import { PgDeadLetters } from './postgres/pg-dead-letters.js';

export interface MessagingOptions {
  readonly catalogue: EventCatalogue;
  readonly databases: Databases;
  /** All that there are. */
  readonly domains: readonly string[];
  /** Which of them, and which listeners, belong to this process. */
  readonly serving: Serving;
  readonly eventLogRetentionDays: number;
  /** Null: all domains are in this process, and their events stay in it. */
  readonly kafka: KafkaSettings | null;
}

const SERVING = Symbol('Serving');

/** Gives every module the event bus, finds the listeners, and starts and stops their delivery with the application. */
@Module({})
export class MessagingModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(Messaging) private readonly messaging: Messaging,
    @Inject(Databases) private readonly databases: Databases,
    @Inject(SERVING) private readonly serving: Serving,
  ) {}

  static with(options: MessagingOptions): DynamicModule {
    const { catalogue, databases, domains, serving } = options;
    return {
      module: MessagingModule,
      global: true,
      imports: [DiscoveryModule],
      providers: [
        { provide: EventCatalogue, useValue: catalogue },
        { provide: Databases, useValue: databases },
        { provide: SERVING, useValue: serving },
        { provide: Clock, useClass: SystemClock },
        { provide: DeadLetters, useValue: new PgDeadLetters(databases, domains) },
        { provide: Messaging, useFactory: (clock: Clock) => messagingOf(options, clock), inject: [Clock] },
        { provide: EventBus, useFactory: ({ bus }: Messaging) => bus, inject: [Messaging] },
      ],
      exports: [EventCatalogue, Databases, Clock, DeadLetters, Messaging, EventBus],
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.messaging.start(this.listeners(), (subscriber) => this.serving.listens(subscriber));
  }

  /** Comes after the HTTP server has drained and after the domains' own timers have stopped. */
  async onApplicationShutdown(): Promise<void> {
    await this.messaging.stop();
    await this.databases.close();
  }

  private listeners(): BoundSubscription[] {
    return this.discovery.getProviders().flatMap(({ instance, metatype }) => {
      if (!instance || !metatype) return [];
      const target = instance as object;
      return subscriptionsOf(Object.getPrototypeOf(target) as object).map((subscription) => ({ subscription, target }));
    });
  }
}

/** Going to services swaps this and nothing else. Kafka's client is loaded by whoever uses it: it is a third of all that a start loads. */
async function messagingOf(options: MessagingOptions, clock: Clock): Promise<Messaging> {
  const { catalogue, databases, domains, serving, eventLogRetentionDays, kafka } = options;
  if (kafka === null) return new InProcessMessaging(catalogue, databases, clock, eventLogRetentionDays);
  const served = domains.filter((domain) => serving.hasPartOf(domain));
  const { KafkaMessaging } = await import('./kafka/kafka-messaging.js');
  return new KafkaMessaging({ settings: kafka, catalogue, domains: served, databases, clock, retentionDays: eventLogRetentionDays });
}
