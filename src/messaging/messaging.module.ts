import { type DynamicModule, Inject, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { Databases } from '../database/databases.js';
import { Clock, SystemClock } from '../kernel/clock.js';
import type { KafkaSettings } from '../config/kafka-settings.js';
import { LogAlerts } from './alerting/log-alerts.js';
import { WebhookAlerts } from './alerting/webhook-alerts.js';
import { Alerts } from './alerts.js';
import type { BoundSubscription } from './bound-subscription.js';
import { DeadLetters } from './dead-letters.js';
import { EventBus } from './event-bus.js';
import { EventCatalogue } from './event-catalogue.js';
import { subscriptionsOf } from './listener.js';
import { PgDeadLetters } from './postgres/pg-dead-letters.js';
import { InProcessMessaging } from './in-process/in-process-messaging.js';
import { KafkaMessaging } from './kafka/kafka-messaging.js';
import { Messaging } from './messaging.js';

export interface MessagingOptions {
  readonly catalogue: EventCatalogue;
  readonly databases: Databases;
  /** Those of this process: whose events it delivers, and whose dead letters its operators see. */
  readonly domains: readonly string[];
  /** Null: alerts go into the log only. */
  readonly alertWebhookUrl: string | null;
  /** Null: all domains are in this process, and their events stay in it. */
  readonly kafka: KafkaSettings | null;
}

/** Gives every module the event bus, finds the listeners, and starts and stops their delivery with the application. */
@Module({})
export class MessagingModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(Messaging) private readonly messaging: Messaging,
    @Inject(Databases) private readonly databases: Databases,
    @Inject(Alerts) private readonly alerts: Alerts,
  ) {}

  static with({ catalogue, databases, domains, alertWebhookUrl, kafka: settings }: MessagingOptions): DynamicModule {
    const alerts = alertWebhookUrl === null ? new LogAlerts() : new WebhookAlerts({ url: alertWebhookUrl, besides: new LogAlerts() });
    return {
      module: MessagingModule,
      global: true,
      imports: [DiscoveryModule],
      providers: [
        { provide: EventCatalogue, useValue: catalogue },
        { provide: Databases, useValue: databases },
        { provide: Clock, useClass: SystemClock },
        { provide: Alerts, useValue: alerts },
        { provide: DeadLetters, useValue: new PgDeadLetters(databases, domains) },
        {
          provide: Messaging,
          useFactory: (clock: Clock) =>
            settings === null
              ? new InProcessMessaging(catalogue, databases, clock, alerts)
              : new KafkaMessaging({ settings, catalogue, domains, databases, clock, alerts }),
          inject: [Clock],
        },
        { provide: EventBus, useFactory: ({ bus }: Messaging) => bus, inject: [Messaging] },
      ],
      exports: [EventCatalogue, Databases, Clock, DeadLetters, Messaging, EventBus],
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.messaging.start(this.listeners());
  }

  /** Comes after the HTTP server has drained and after the domains' own timers have stopped. */
  async onApplicationShutdown(): Promise<void> {
    await this.messaging.stop();
    if (this.alerts instanceof WebhookAlerts) await this.alerts.stop();
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
