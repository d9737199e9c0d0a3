import { setTimeout as sleep } from 'node:timers/promises';
import { concurrently } from './concurrently.js';
import type { Customer, Invoice } from './history.js';
import { type OrderOutcome, type Shopping, shop } from './shop-an-invoice.js';
import type { Stage } from './progress.js';

export interface Placing extends Omit<Shopping, 'session' | 'ordersSeen'> {
  readonly invoices: readonly Invoice[];
  readonly sessionOf: (customer: Customer) => Shopping['session'];
  readonly clients: number;
  /** Null: as fast as it goes. */
  readonly ordersPerSecondMax: number | null;
  readonly stage: Stage;
}

/**
 * Places and pays the invoices, begun in the order of time. So at any moment those under way are neighbours, at most
 * `clients` of them; and those of one customer follow one another.
 */
export async function placeOrders({
  invoices,
  sessionOf,
  clients,
  ordersPerSecondMax,
  stage,
  ...shopping
}: Placing): Promise<OrderOutcome[]> {
  const outcomes: OrderOutcome[] = [];
  const lastOf = new Map<Customer, Promise<unknown>>();
  const ordersSeen = new Set<number>();
  const startedAt = performance.now();

  await concurrently(invoices, clients, async (invoice, index) => {
    const before = lastOf.get(invoice.customer);
    const running = (async () => {
      if (ordersPerSecondMax !== null) await sleepUntil(startedAt + (index / ordersPerSecondMax) * 1_000);
      await before;
      return shop(invoice, { ...shopping, session: sessionOf(invoice.customer), ordersSeen });
    })();
    lastOf.set(
      invoice.customer,
      running.catch(() => {}),
    );
    outcomes.push(await running);
    stage.step();
  });
  return outcomes;
}

async function sleepUntil(time: number): Promise<void> {
  const leftMs = time - performance.now();
  if (leftMs > 0) await sleep(leftMs);
}
