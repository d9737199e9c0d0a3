import { Injectable, Optional } from '@nestjs/common';
import { Counter, Gauge } from 'prom-client';
import { Databases } from './database/databases.js';
import { HealthChecks } from './http/health/health-checks.js';
import { Metrics } from './http/metrics.js';
import { Messaging } from './messaging/messaging.js';
import { requestsWaiting } from './messaging/micro-batcher.js';
import { Redis } from './redis/redis.js';

/** What an operator watches of the shop itself, beside the figures of HTTP and of the process. */
@Injectable()
export class ShopMetrics {
  constructor(metrics: Metrics, checks: HealthChecks, databases: Databases, messaging: Messaging, @Optional() redis?: Redis) {
    checks.add('databases', () => databases.ping());
    checks.add('events', () => messaging.ping());
    if (redis) watchRedis(redis, metrics, checks);
    const undelivered = new Gauge({
      name: 'ordersaga_undelivered_events',
      help: 'Durable events that a subscriber has not handled yet',
      labelNames: ['subscriber', 'event', 'source'],
      registers: [metrics.registry],
      async collect() {
        for (const { subscriber, type, source, events } of await messaging.lag()) {
          undelivered.set({ subscriber, event: type, source }, events);
        }
      },
    });
    const queued: Gauge<'queue'> = new Gauge({
      name: 'ordersaga_requests_waiting',
      help: 'Requests that wait for the next batch of a step',
      labelNames: ['queue'],
      registers: [metrics.registry],
      collect: () => requestsWaiting.forEach((requests, queue) => queued.set({ queue }, requests)),
    });
    const parked = new Gauge({
      name: 'ordersaga_parked_events',
      help: 'Durable events that a subscriber could not handle: waiting to be tried again, or dead',
      labelNames: ['subscriber', 'event', 'source', 'state'],
      registers: [metrics.registry],
      async collect() {
        for (const { subscriber, type, source, waiting, dead } of await messaging.parked()) {
          parked.set({ subscriber, event: type, source, state: 'waiting' }, waiting);
          parked.set({ subscriber, event: type, source, state: 'dead' }, dead);
        }
      },
    });
  }
}

/** Without Redis the shop works, slower in a rush. */
function watchRedis(redis: Redis, metrics: Metrics, checks: HealthChecks): void {
  checks.addDispensable('redis', () => redis.problem);
  const up: Gauge = new Gauge({
    name: 'ordersaga_redis_up',
    help: 'Whether Redis answers (1) or the database does its work (0)',
    registers: [metrics.registry],
    collect() {
      up.set(redis.problem === null ? 1 : 0);
    },
  });
  const missed: Counter = new Counter({
    name: 'ordersaga_redis_commands_missed_total',
    help: 'How often somebody had to do without Redis',
    registers: [metrics.registry],
    collect() {
      missed.reset();
      missed.inc(redis.commandsMissed);
    },
  });
}
