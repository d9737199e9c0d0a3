import { setTimeout as sleep } from 'node:timers/promises';
import type { ShopClient } from '../support/client.js';

const SETTLE_MS_MAX = 60_000;
const LOOK_AGAIN_MS = 50;
/** What was written at the moment of the first look is told at the second. */
const QUIET_LOOKS = 2;

/** A running shop, however many processes and databases it has. */
export interface ShapedShop extends ShopClient {
  /** Waits until every durable event has been delivered to every subscriber. */
  settle(): Promise<void>;
  /** Settles, and audits all databases. */
  expectCleanBooks(): Promise<void>;
  stop(): Promise<void>;
}

/** Waits until no process has an event to deliver, as its metrics tell. */
export async function nothingUndelivered(addresses: readonly string[]): Promise<void> {
  let quiet = 0;
  for (const giveUpAt = Date.now() + SETTLE_MS_MAX; quiet < QUIET_LOOKS; await sleep(LOOK_AGAIN_MS)) {
    const behind = (await Promise.all(addresses.map(undelivered))).flat();
    quiet = behind.length === 0 ? quiet + 1 : 0;
    if (behind.length > 0 && Date.now() > giveUpAt) throw new Error(`not delivered:\n${behind.join('\n')}`);
  }
}

/** The lines of the gauge that are not 0. */
async function undelivered(address: string): Promise<string[]> {
  const metrics = await (await fetch(`${address}/metrics`)).text();
  return metrics.split('\n').filter((line) => line.startsWith('ordersaga_undelivered_events{') && !line.endsWith(' 0'));
}
