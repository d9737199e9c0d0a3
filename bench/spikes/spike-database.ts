import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { Databases } from '../../src/database/databases.js';
import { startEmbeddedPostgres } from '../../src/database/embedded/embedded-postgres.js';
import { migrate } from '../../src/database/migrate.js';
import { DurableEvent, type ShopEvent } from '../../src/messaging/event.js';

/** As durable as in production: fsync and synchronous_commit are on. */
const SETTINGS = { shared_buffers: '256MB', max_wal_size: '4GB' };

/** A PostgreSQL of the spike's own, with the shop's tables for `domains`; gone at the end. */
export async function withSpikeDatabase(
  domains: readonly string[],
  connectionsMax: number,
  measure: (databases: Databases, url: string) => Promise<void>,
): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ordersaga-spike-'));
  const postgres = await startEmbeddedPostgres({ dataDir, settings: SETTINGS });
  const databases = new Databases({ url: postgres.url, poolConnectionsMax: connectionsMax });
  try {
    await migrate({ url: postgres.url, domains });
    await measure(databases, postgres.url);
  } finally {
    await databases.close();
    await postgres.stop('immediate');
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Events as large as `order.processed` of an order with two lines, in several topics. */
export const TOPICS = ['spike.a', 'spike.b', 'spike.c', 'spike.d'] as const;

const definitions = TOPICS.map(
  (type) =>
    new DurableEvent({
      type,
      version: 1,
      data: z.object({ subject: z.int(), n: z.int(), text: z.string() }),
      id: ({ n }) => n,
      subject: ({ subject }) => subject,
    }),
);
const TEXT = 'a line of the order, with its option, its name, its price and its quantity; '.repeat(5);
let made = 0;

export function event(topic: number, subject: number): ShopEvent {
  const definition = definitions[topic];
  if (!definition) throw new Error(`there is no topic ${topic}`);
  return definition.seal({ subject, n: ++made, text: TEXT }, 'order', new Date());
}

/** Runs `once` on so many connections, again and again, until the time is over. @returns how many runs per second. */
export async function closedLoop(clients: number, durationMs: number, once: () => Promise<void>): Promise<number> {
  const from = performance.now();
  let runs = 0;
  const client = async (): Promise<void> => {
    while (performance.now() - from < durationMs) {
      await once();
      runs++;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return runs / ((performance.now() - from) / 1_000);
}

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
export const below = (limit: number): number => Math.floor(Math.random() * limit);
