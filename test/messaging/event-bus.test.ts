import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { pgTransaction, sql } from '../../src/database/database.js';
import { SystemClock } from '../../src/kernel/clock.js';
import { Unavailable } from '../../src/kernel/faults.js';
import type { Transaction } from '../../src/kernel/transaction.js';
import { DurableEvent, type Received, RequestEvent } from '../../src/messaging/event.js';
import { EventCatalogue } from '../../src/messaging/event-catalogue.js';
import { InProcessMessaging } from '../../src/messaging/in-process/in-process-messaging.js';
import { done, OnEvent, type Outcome, refused, subscriptionsOf } from '../../src/messaging/listener.js';
import { startWorld, until, type World } from './world.js';

const keyed = { version: 1, id: ({ n }: { n: number }) => n, subject: ({ n }: { n: number }) => n };
const Asked = new RequestEvent({
  ...keyed,
  type: 'order.asked',
  data: z.object({ n: z.int() }),
  answer: z.object({ stock: z.int(), discount: z.int().default(0) }),
});
const Happened = new DurableEvent({
  type: 'order.happened',
  version: 1,
  data: z.object({ n: z.int(), text: z.string() }),
  id: ({ n, text }) => `${n}:${text}`,
  subject: ({ n }) => n,
});
const Unlisted = new DurableEvent({ ...keyed, type: 'order.unlisted', data: z.object({ n: z.int() }) });

const catalogue = new EventCatalogue([
  { event: Asked, publishers: ['order'], subscribers: ['product.stock', 'coupon.discount'] },
  { event: Happened, publishers: ['order'], subscribers: ['user.note'] },
]);

type Asking = Received<typeof Asked>;
type Part = Outcome<{ stock?: number; discount?: number }>;
type Behaviour = (tx: Transaction, events: readonly Asking[]) => Promise<Part[]>;

const NOTE = sql('test.note', 'INSERT INTO note (domain, n) SELECT $1, unnest($2::bigint[])');
const note = async (tx: Transaction, events: readonly { readonly data: { readonly n: number } }[]): Promise<void> => {
  await pgTransaction(tx).query(NOTE, [tx.domain, events.map(({ data }) => data.n)]);
};
const saying =
  (outcome: (n: number) => Part): Behaviour =>
  async (tx, events) => {
    await note(tx, events);
    return events.map(({ data }) => outcome(data.n));
  };
const inStock = saying(() => done({ stock: 5 }));
const discounted = saying((n) => done({ discount: n }));
const no = (code: string): Outcome<never> => refused({ code, message: 'no' });

let world: World;
let messaging: InProcessMessaging;
const started: InProcessMessaging[] = [];

beforeEach(async () => {
  world = await startWorld();
  await world.query('CREATE TABLE note (domain text NOT NULL, n bigint NOT NULL)');
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.stop()));
  await world.stop();
});

async function start({
  stock = inStock,
  discount = discounted,
}: { readonly stock?: Behaviour; readonly discount?: Behaviour } = {}): Promise<void> {
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
      return note(tx, events);
    }
  }
  await startWith(new Stock(), new Discount(), new Notes());
}

async function startWith(...targets: readonly object[]): Promise<void> {
  messaging = new InProcessMessaging(catalogue, world.databases, new SystemClock());
  started.push(messaging);
  await messaging.start(
    targets.flatMap((target) => subscriptionsOf(Object.getPrototypeOf(target) as object).map((subscription) => ({ subscription, target }))),
  );
}

const ask = (n: number) => messaging.bus.emitAsync(Asked.of({ n }));
const settle = (): Promise<void> => until('all is delivered', async () => (await messaging.lag()).every(({ events }) => events === 0));
const inOrder = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => world.databases.of('order').run(work);
const notes = async (domain: string): Promise<readonly number[]> => {
  const rows = await world.query<{ n: string }>('SELECT n FROM note WHERE domain = $1 ORDER BY n', [domain]);
  return rows.map(({ n }) => Number(n));
};
const loggedTexts = async (): Promise<readonly string[]> => {
  const rows = await world.query<{ text: string }>(`SELECT data ->> 'text' AS text FROM shop_order.event_log ORDER BY shard, position`);
  return rows.map(({ text }) => text);
};

describe('a request event', () => {
  test('is answered by all listeners together, each in a transaction of its own domain', async () => {
    await start();
    expect(await ask(7)).toMatchObject({
      ok: true,
      answer: { stock: 5, discount: 7 },
      steps: [
        { event: 'order.asked', listener: 'product.stock', outcome: 'DONE' },
        { event: 'order.asked', listener: 'coupon.discount', outcome: 'DONE' },
      ],
    });
    expect([await notes('product'), await notes('coupon')]).toEqual([[7], [7]]);
  });

  test('does not bother a listener that it does not concern, which still counts as done', async () => {
    await start();
    const reply = await ask(0);
    expect(reply).toMatchObject({
      ok: true,
      answer: { stock: 5, discount: 0 },
      steps: [{}, { listener: 'coupon.discount', outcome: 'DONE' }],
    });
    expect(await notes('coupon')).toEqual([]);
  });

  test('that one listener refuses is still handled to the end by the other', async () => {
    await start({ stock: saying(() => no('NO_STOCK')), discount: (tx, events) => sleep(50).then(() => discounted(tx, events)) });
    expect(await ask(7)).toMatchObject({
      ok: false,
      refusals: [{ code: 'NO_STOCK' }],
      steps: [
        { listener: 'product.stock', outcome: 'REFUSED', code: 'NO_STOCK' },
        { listener: 'coupon.discount', outcome: 'DONE' },
      ],
    });
    expect(await notes('coupon')).toEqual([7]);
  });

  test('that several refuse is answered with all refusals, in the order of the catalogue', async () => {
    await start({
      stock: (tx, events) => sleep(50).then(() => saying(() => no('FIRST'))(tx, events)),
      discount: saying(() => no('SECOND')),
    });
    expect(await ask(7)).toMatchObject({ ok: false, refusals: [{ code: 'FIRST' }, { code: 'SECOND' }] });
  });

  test('throws the fault of a listener, after all others have ended', async () => {
    const faulty: Behaviour = async (tx, events) => {
      await note(tx, events);
      throw new Error('broken');
    };
    await start({ stock: faulty, discount: (tx, events) => sleep(100).then(() => discounted(tx, events)) });
    await expect(ask(7)).rejects.toThrow('broken');
    expect([await notes('product'), await notes('coupon')]).toEqual([[], [7]]);
  });

  test('whose answer is not what its definition says is a fault', async () => {
    await start({ stock: saying(() => done({})) });
    await expect(ask(7)).rejects.toThrow('stock');
  });

  test('tells of a lost database that it is Unavailable', async () => {
    const { promise: began, resolve: begin } = Promise.withResolvers<void>();
    await start({
      stock: async (tx, events) => {
        await note(tx, events);
        begin();
        await pgTransaction(tx).query(sql('test.sleep', 'SELECT pg_sleep(60)'));
        return [];
      },
    });
    const asked = ask(7).catch((fault: unknown) => fault);
    await began;
    await world.breakConnections();
    expect(await asked).toBeInstanceOf(Unavailable);
  });

  test('is not to be sent with a transaction open', async () => {
    await start();
    await expect(inOrder(() => ask(7))).rejects.toThrow('a transaction is open here');
  });
});

describe('many request events at a time', () => {
  const COUNT = 200;

  test('share transactions, and each gets its own answer', async () => {
    let batches = 0;
    await start({ discount: (tx, events) => (batches++, discounted(tx, events)) });
    const replies = await Promise.all(Array.from({ length: COUNT }, (_, index) => ask(index + 1)));
    expect(replies.map((reply) => (reply.ok ? reply.answer.discount : undefined))).toEqual(
      Array.from({ length: COUNT }, (_, index) => index + 1),
    );
    expect(batches).toBeLessThan(COUNT / 4);
    expect(await notes('coupon')).toHaveLength(COUNT);
  });

  test('spare the neighbours of one that is refused or breaks its batch, and do everything once', async () => {
    const moody: Behaviour = async (tx, events) => {
      await note(tx, events);
      const culprit = events.find(({ data }) => data.n % 50 === 7);
      if (culprit) await pgTransaction(tx).query(sql('test.broken', 'SELECT 1 / 0'));
      return events.map(({ data }) => (data.n % 10 === 3 ? no('THREE') : done({ stock: data.n })));
    };
    await start({ stock: moody });
    const asked = await Promise.allSettled(Array.from({ length: COUNT }, (_, n) => ask(n)));
    const heard = asked.map((each) => {
      if (each.status === 'rejected') return (each.reason as Error).message;
      return each.value.ok ? each.value.answer.stock : each.value.refusals[0].code;
    });
    const others = (n: number) => (n % 10 === 3 ? 'THREE' : n);
    expect(heard).toEqual(Array.from({ length: COUNT }, (_, n) => (n % 50 === 7 ? 'division by zero' : others(n))));
    expect(await notes('product')).toEqual(Array.from({ length: COUNT }, (_, n) => n).filter((n) => n % 50 !== 7));
  });
});

describe('a durable event', () => {
  test('is delivered when its transaction has committed', async () => {
    await start();
    await inOrder((tx) => messaging.bus.emit(tx, Happened.of({ n: 1, text: '' }), Happened.of({ n: 2, text: '' })));
    await settle();
    expect(await notes('user')).toEqual([1, 2]);
  });

  test('of a transaction that rolls back never was', async () => {
    await start();
    const failing = inOrder(async (tx) => {
      await messaging.bus.emit(tx, Happened.of({ n: 1, text: 'lost' }));
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    await settle();
    expect([await loggedTexts(), await notes('user')]).toEqual([[], []]);
  });

  test('of a transaction that is retried is there once', async () => {
    await start();
    let attempts = 0;
    await inOrder(async (tx) => {
      await messaging.bus.emit(tx, Happened.of({ n: 1, text: `attempt ${++attempts}` }));
      if (attempts < 3) await pgTransaction(tx).query(sql('test.conflict', `DO $$ BEGIN RAISE SQLSTATE '40001'; END $$`));
    });
    expect(await loggedTexts()).toEqual(['attempt 3']);
  });

  test('comes after those that the same transaction emitted before, also from a last statement', async () => {
    await start();
    const text = (word: string) => Happened.of({ n: 1, text: word });
    await inOrder(async (tx) => {
      await messaging.bus.emit(tx, text('one'), text('two'));
      tx.beforeCommit(() => messaging.bus.emit(tx, text('four'), text('five')));
      await messaging.bus.emit(tx, text('three'));
      await messaging.bus.emit(tx);
    });
    expect(await loggedTexts()).toEqual(['one', 'two', 'three', 'four', 'five']);
    await settle();
    expect(await notes('user')).toHaveLength(5);
  });

  test('is published only by those that the catalogue names, and only if it is listed', async () => {
    await start();
    const inUser = (tx: Transaction) => messaging.bus.emit(tx, Happened.of({ n: 1, text: '' }));
    await expect(world.databases.of('user').run(inUser)).rejects.toThrow('does not let user publish order.happened');
    await expect(inOrder((tx) => messaging.bus.emit(tx, Unlisted.of({ n: 1 })))).rejects.toThrow('not in the event catalogue');
  });

  test('with wrong data is a fault of its publisher, and takes the transaction with it', async () => {
    await start();
    const wrong = inOrder(async (tx) => {
      await note(tx, [{ data: { n: 1 } }]);
      await messaging.bus.emit(tx, Happened.of({ n: 1.5, text: '' }));
    });
    await expect(wrong).rejects.toThrow(z.ZodError);
    expect(await notes('order')).toEqual([]);
  });

  test('that was not delivered before a stop is delivered after the next start', async () => {
    await start();
    await messaging.stop();
    await inOrder((tx) => messaging.bus.emit(tx, Happened.of({ n: 1, text: '' })));
    expect(await messaging.lag()).toMatchObject([{ subscriber: 'user.note', type: 'order.happened', source: 'order', events: 1 }]);
    await start();
    await settle();
    expect(await notes('user')).toEqual([1]);
  });
});

describe('start-up', () => {
  class Stock {
    @OnEvent(Asked, 'product.stock')
    answer(_tx: Transaction, events: readonly Asking[]): Promise<Part[]> {
      return Promise.resolve(events.map(() => done({ stock: 1 })));
    }
  }
  class Stranger {
    @OnEvent(Happened, 'cart.stranger')
    hear(): Promise<void> {
      return Promise.resolve();
    }
  }

  test('fails when a listener of the catalogue is missing or one is not listed, and delivers nothing', async () => {
    const starting = startWith(new Stock(), new Stranger());
    await expect(starting).rejects.toThrow('listed, but no listener: order.asked → coupon.discount');
    await expect(starting).rejects.toThrow('a listener, but not listed: order.happened → cart.stranger');
    expect(await messaging.lag()).toEqual([]);
  });
});
