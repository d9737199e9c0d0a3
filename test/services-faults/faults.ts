import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from '../../infra/kafka.js';
import { SERVICE_NAMES, type ServiceName } from '../../infra/services/shop-of-services.js';
import type { ServicesShop } from '../shapes/five-services.js';
import { query } from '../support/embedded.js';

export interface Struck {
  readonly shop: ServicesShop;
  readonly kafka: Kafka;
  /** With the rights of an administrator. */
  readonly postgresUrl: string;
}

export interface Fault {
  readonly name: string;
  /** Settles when the fault is over: all that was taken away is there again, or on its way up. */
  readonly strike: (struck: Struck) => Promise<void>;
}

/** A start takes a while, and whoever leaves must have joined. */
const STAYS_TURNS = 2;

const seconds = (ms: number): string => `${ms / 1_000} s`;

export const brokerKilled = (awayMs: number): Fault => ({
  name: `broker killed, back after ${seconds(awayMs)}`,
  strike: async ({ kafka }) => {
    await kafka.kill();
    await sleep(awayMs);
    await kafka.restart();
  },
});

export const brokerUnreachable = (awayMs: number): Fault => ({
  name: `broker unreachable for ${seconds(awayMs)}`,
  strike: async ({ kafka }) => {
    kafka.pause();
    await sleep(awayMs);
    kafka.resume();
  },
});

/** The shop needs two instances of each service: the second ones come and go, two of them at a time. */
export const rebalances = (everyMs: number, forMs: number): Fault => ({
  name: `rebalances every ${seconds(everyMs)} for ${seconds(forMs)}`,
  strike: async ({ shop }) => {
    const spare = SERVICE_NAMES.flatMap((name) => shop.services.of(name).slice(1, 2));
    const leaving: Promise<void>[] = [];
    for (let turn = 0; turn * everyMs < forMs; turn++) {
      await leaving[turn - spare.length];
      await spare[turn % spare.length]?.start();
      if (turn >= STAYS_TURNS) leaving.push(spare[(turn - STAYS_TURNS) % spare.length]?.stop() ?? Promise.resolve());
      await sleep(everyMs);
    }
    await Promise.all([...leaving, ...spare.map((instance) => instance.stop())]);
  },
});

export const databaseAway = (service: ServiceName, awayMs: number): Fault => ({
  name: `database of ${service} away for ${seconds(awayMs)}`,
  strike: async ({ shop, postgresUrl }) => {
    const database = new URL(shop.databaseUrlOf(service)).pathname.slice(1);
    await query(postgresUrl, `ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
    await query(postgresUrl, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`);
    await sleep(awayMs);
    await query(postgresUrl, `ALTER DATABASE ${database} ALLOW_CONNECTIONS true`);
  },
});

export const servicesKilled = (services: readonly ServiceName[], awayMs: number): Fault => ({
  name: `${services.join(' and ')} killed, started after ${seconds(awayMs)}`,
  strike: async ({ shop }) => {
    const victims = services.flatMap((service) => shop.services.of(service).slice(0, 1));
    await Promise.all(victims.map((victim) => victim.kill()));
    await sleep(awayMs);
    await Promise.all(victims.map((victim) => victim.start()));
  },
});

export const together = (...faults: readonly Fault[]): Fault => ({
  name: faults.map(({ name }) => name).join(', '),
  strike: async (struck) => void (await Promise.all(faults.map(({ strike }) => strike(struck)))),
});
