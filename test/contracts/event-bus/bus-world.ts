import { pgTransaction, sql } from '../../../src/database/database.js';
import type { Databases } from '../../../src/database/databases.js';
import type { Transaction } from '../../../src/kernel/transaction.js';
import { z } from 'zod';
import { type DataOf, DurableEvent, type Received, RequestEvent } from '../../../src/messaging/event.js';
import { EventCatalogue } from '../../../src/messaging/event-catalogue.js';
import type { BoundSubscription } from '../../../src/messaging/bound-subscription.js';
import { domainOf, done, OnEvent, type Outcome, subscriptionsOf } from '../../../src/messaging/listener.js';
import type { Messaging } from '../../../src/messaging/messaging.js';
import { startWorld, until } from '../../messaging/world.js';

export const Asked = new RequestEvent({
  type: 'order.asked',
  version: 1,
  data: z.object({ n: z.int() }),
  answer: z.object({ stock: z.int(), discount: z.int().default(0) }),
  id: ({ n }) => n,
  subject: ({ n }) => n,
});
export const Happened = new DurableEvent({
  type: 'order.happened',
  version: 1,
  data: z.object({ n: z.int(), text: z.string() }),
  id: ({ n, text }) => `${n}:${text}`,
  subject: ({ n }) => n,
});

export const catalogue = new EventCatalogue([
  { event: Asked, publishers: ['order'], subscribers: ['product.stock', 'coupon.discount'] },
  { event: Happened, publishers: ['order'], subscribers: ['user.note'] },
]);

type Asking = Received<typeof Asked>;
export type Part = Outcome<{ stock?: number; discount?: number }>;
export type Hear = (tx: Transaction, events: readonly Received<typeof Happened>[]) => Promise<void>;
export type Behaviour = (tx: Transaction, events: readonly Asking[]) => Promise<Part[]>;

const NOTE = sql('test.note', 'INSERT INTO note (domain, n) SELECT $1, unnest($2::bigint[])');

/** The effect of every listener here: it notes for which `n` it was called. */
export const note = async (tx: Transaction, events: readonly { readonly data: { readonly n: number } }[]): Promise<void> => {
  await pgTransaction(tx).query(NOTE, [tx.domain, events.map(({ data }) => data.n)]);
};
export const saying =
  (outcome: (n: number) => Part): Behaviour =>
  async (tx, events) => {
    await note(tx, events);
    return events.map(({ data }) => outcome(data.n));
  };
const inStock = saying(() => done({ stock: 5 }));
export const discounted = saying((n) => done({ discount: n }));

/** Of one process: the same again is a restart. */
export type NewMessaging = (databases: Databases) => Messaging;

export interface Behaviours {
  readonly stock?: Behaviour;
  readonly discount?: Behaviour;
  readonly hear?: Hear;
}

/** The listeners of product, coupon and user, which behave as told. */
export function listeners({ stock = inStock, discount = discounted, hear = note }: Behaviours = {}): object[] {
  class Stock {
    @OnEvent(Asked, 'product.stock')
    answer(tx: Transaction, events: readonly Asking[]): Promise<Part[]> {
      return stock(tx, events);
    }
  }
  class Discount {
    @OnEvent(Asked, 'coupon.discount', { concerns: ({ data }) => data.n !== 0 })
    answer(tx: Transaction, events: readonly Asking[]): Promise<Part[]> {
      return discount(tx, events);
    }
  }
  class Notes {
    @OnEvent(Happened, 'user.note')
    write(tx: Transaction, events: readonly Received<typeof Happened>[]): Promise<void> {
      return hear(tx, events);
    }
  }
  return [new Stock(), new Discount(), new Notes()];
}

export const boundOf = (targets: readonly object[], domains?: readonly string[]): BoundSubscription[] =>
  targets
    .flatMap((target) => subscriptionsOf(Object.getPrototypeOf(target) as object).map((subscription) => ({ subscription, target })))
    .filter(({ subscription }) => domains?.includes(domainOf(subscription.subscriber)) ?? true);

export type BusWorld = Awaited<ReturnType<typeof startBusWorld>>;

/** Four domains on one bus: order asks and tells, product and coupon answer, user notes. */
export async function startBusWorld(newMessaging: NewMessaging) {
  const world = await startWorld();
  await world.query('CREATE TABLE note (domain text NOT NULL, n bigint NOT NULL)');
  let messaging = newMessaging(world.databases);

  const startWith = async (...targets: readonly object[]): Promise<void> => {
    messaging = newMessaging(world.databases);
    await messaging.start(boundOf(targets), () => true);
  };

  return {
    ...world,
    startWith,
    start: (behaviours?: Behaviours): Promise<void> => startWith(...listeners(behaviours)),
    messaging: () => messaging,
    ask: (n: number) => messaging.bus.emitAsync(Asked.of({ n })),
    emit: (...happenings: readonly DataOf<typeof Happened>[]): Promise<void> =>
      world.databases.of('order').run((tx) => messaging.bus.emit(tx, ...happenings.map((data) => Happened.of(data)))),
    inOrder: <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => world.databases.of('order').run(work),
    /** How many events somebody has not handled yet, wherever they are. */
    undelivered: async (): Promise<number> => (await messaging.lag()).reduce((sum, { events }) => sum + events, 0),
    settle: (): Promise<void> => until('all is delivered', async () => (await messaging.lag()).every(({ events }) => events === 0)),

    /** What a domain has noted, sorted. */
    async notes(domain: string): Promise<readonly number[]> {
      const rows = await world.query<{ n: string }>('SELECT n FROM note WHERE domain = $1 ORDER BY n', [domain]);
      return rows.map(({ n }) => Number(n));
    },

    async loggedTexts(): Promise<readonly string[]> {
      const rows = await world.query<{ text: string }>(`SELECT data ->> 'text' AS text FROM shop_order.event_log ORDER BY shard, position`);
      return rows.map(({ text }) => text);
    },

    async stop(): Promise<void> {
      await messaging.stop();
      await world.stop();
    },
  };
}
