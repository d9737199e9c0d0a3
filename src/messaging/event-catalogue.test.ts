import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DurableEvent, RequestEvent } from './event.js';
import { EventCatalogue } from './event-catalogue.js';
import { type Subscription, domainOf, OnEvent, OnEventOutside, subscriptionsOf } from './listener.js';

const description = { version: 1, data: z.object({ n: z.int() }), id: ({ n }: { n: number }) => n, subject: ({ n }: { n: number }) => n };
const Paid = new DurableEvent({ ...description, type: 'order.paid' });
const Shipped = new DurableEvent({ ...description, type: 'order.shipped' });
const Asked = new RequestEvent({ ...description, type: 'order.asked', answer: z.object({}) });

const catalogue = new EventCatalogue([
  { event: Paid, publishers: ['order', 'user'], subscribers: ['product.rank', 'cart.empty'] },
  { event: Shipped, publishers: ['order'], subscribers: [] },
  { event: Asked, publishers: ['order'], subscribers: ['product.answer'] },
]);

const listening = (event: Subscription['event'], subscriber: string): Subscription => ({
  mode: 'transaction',
  event,
  subscriber,
  method: 'handle',
  concerns: () => true,
});
const all = [listening(Paid, 'product.rank'), listening(Paid, 'cart.empty'), listening(Asked, 'product.answer')];

describe('start-up', () => {
  test('goes on when code and catalogue say the same, in any order', () => {
    expect(() => catalogue.assertMatches(all.toReversed())).not.toThrow();
  });

  test('fails when a listed listener is missing, and names it', () => {
    expect(() => catalogue.assertMatches(all.slice(1))).toThrow('listed, but no listener: order.paid → product.rank');
  });

  test('fails when a listener is not listed, even if its event is', () => {
    expect(() => catalogue.assertMatches([...all, listening(Shipped, 'product.rank')])).toThrow(
      'a listener, but not listed: order.shipped → product.rank',
    );
  });

  test('fails when two listeners have one name, which would share one cursor', () => {
    expect(() => catalogue.assertMatches([...all, listening(Paid, 'cart.empty')])).toThrow(
      'two listeners of one name: order.paid → cart.empty',
    );
  });

  test('tells all differences at once', () => {
    const differences = () => catalogue.assertMatches([listening(Shipped, 'user.watch')]);
    for (const line of [
      'order.paid → product.rank',
      'order.paid → cart.empty',
      'order.asked → product.answer',
      'order.shipped → user.watch',
    ]) {
      expect(differences).toThrow(line);
    }
  });
});

test('an event stands in the catalogue once', () => {
  const entry = { event: Paid, publishers: ['order'], subscribers: [] };
  expect(() => new EventCatalogue([entry, entry])).toThrow('names an event twice');
});

test('only the publishers that are named may publish', () => {
  expect(() => catalogue.assertPublishes('user', Paid)).not.toThrow();
  expect(() => catalogue.assertPublishes('user', Shipped)).toThrow('does not let user publish order.shipped');
});

test('an event that is not listed is a fault, not silence', () => {
  const Unlisted = new DurableEvent({ ...description, type: 'order.lost' });
  expect(() => catalogue.publishersOf(Unlisted)).toThrow('order.lost is not in the event catalogue');
});

test('the durable events of a domain are those that need a log', () => {
  expect(catalogue.publishedBy('order')).toEqual([Paid, Shipped]);
  expect(catalogue.publishedBy('user')).toEqual([Paid]);
  expect(catalogue.publishedBy('cart')).toEqual([]);
});

describe('listeners', () => {
  class Ranking {
    @OnEvent(Paid, 'product.rank')
    @OnEvent(Shipped, 'product.rank-shipped')
    rank(): Promise<void> {
      return Promise.resolve();
    }

    @OnEventOutside(Paid, 'product.tell')
    tell(): Promise<void> {
      return Promise.resolve();
    }
  }
  class Other {
    @OnEvent(Asked, 'cart.answer', { concerns: ({ data }) => data.n > 0 })
    answer(): Promise<[]> {
      return Promise.resolve([]);
    }
  }

  test('are found by what they declare, and one method may stand for several events', () => {
    const found = subscriptionsOf(Ranking.prototype).map(
      ({ event, subscriber, mode, method }) => `${event.type} → ${subscriber}: ${mode}, ${String(method)}`,
    );
    expect(found.toSorted()).toEqual([
      'order.paid → product.rank: transaction, rank',
      'order.paid → product.tell: outside, tell',
      'order.shipped → product.rank-shipped: transaction, rank',
    ]);
    expect(subscriptionsOf(Object.prototype)).toEqual([]);
  });

  test('say which requests they need a transaction for', () => {
    const [subscription] = subscriptionsOf(Other.prototype);
    const concerned = [0, 1].map(
      (n) => subscription?.mode === 'transaction' && subscription.concerns(Asked.seal({ n }, 'order', new Date(0))),
    );
    expect(concerned).toEqual([false, true]);
  });

  test('belong to the domain that their name begins with', () => {
    expect(domainOf('product.rank-sales')).toBe('product');
  });
});
