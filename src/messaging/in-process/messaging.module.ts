import { type DynamicModule, Inject, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { Databases } from '../../database/databases.js';
import { Clock, SystemClock } from '../../kernel/clock.js';
import { DeadLetters } from '../dead-letters.js';
import { EventBus } from '../event-bus.js';
import { EventCatalogue } from '../event-catalogue.js';
import { subscriptionsOf } from '../listener.js';
import { PgDeadLetters } from '../postgres/pg-dead-letters.js';
import { type BoundSubscription, InProcessMessaging } from './in-process-messaging.js';

export interface MessagingOptions {
  readonly catalogue: EventCatalogue;
  readonly databases: Databases;
  /** Whose dead letters operators see. */
  readonly domains: readonly string[];
  readonly eventLogRetentionDays: number;
  /** Which listeners belong to this process. */
  readonly serving: { listens(subscriber: string): boolean };
}

const SERVING = Symbol('Serving');

/** Gives every module the event bus, finds the listeners, and starts and stops their delivery with the application. */
@Module({})
export class MessagingModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(InProcessMessaging) private readonly messaging: InProcessMessaging,
    @Inject(Databases) private readonly databases: Databases,
    @Inject(SERVING) private readonly serving: MessagingOptions['serving'],
  ) {}

  static with({ catalogue, databases, domains, eventLogRetentionDays, serving }: MessagingOptions): DynamicModule {
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
        {
          provide: InProcessMessaging,
          useFactory: (clock: Clock) => new InProcessMessaging(catalogue, databases, clock, eventLogRetentionDays),
          inject: [Clock],
        },
        { provide: EventBus, useFactory: ({ bus }: InProcessMessaging) => bus, inject: [InProcessMessaging] },
      ],
      exports: [EventCatalogue, Databases, Clock, DeadLetters, InProcessMessaging, EventBus],
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
