import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { pgTransaction, sql } from '../../../src/database/database.js';
import type { Transaction } from '../../../src/kernel/transaction.js';
import { DurableEvent, type Received } from '../../../src/messaging/event.js';
import { done, OnEvent } from '../../../src/messaging/listener.js';
import { Asked, type BusWorld, type NewMessaging, Happened, note, type Part, startBusWorld } from './bus-world.js';

const Unlisted = new DurableEvent({
  type: 'order.unlisted',
  version: 1,
  data: z.object({ n: z.int() }),
  id: ({ n }) => n,
  subject: ({ n }) => n,
});

/** What every bus does with durable events. */
export function durableEvents(newMessaging: () => NewMessaging): void {
  let world: BusWorld;
  beforeEach(async () => {
    world = await startBusWorld(newMessaging());
  });
  afterEach(() => world.stop());

  describe('a durable event', () => {
    test('is delivered when its transaction has committed', async () => {
      await world.start();
      await world.inOrder((tx) => world.messaging().bus.emit(tx, Happened.of({ n: 1, text: '' }), Happened.of({ n: 2, text: '' })));
      await world.settle();
      expect(await world.notes('user')).toEqual([1, 2]);
    });

    test('of a transaction that rolls back never was', async () => {
      await world.start();
      const failing = world.inOrder(async (tx) => {
        await world.messaging().bus.emit(tx, Happened.of({ n: 1, text: 'lost' }));
        throw new Error('rolled back');
      });
      await expect(failing).rejects.toThrow('rolled back');
      await world.settle();
      expect([await world.loggedTexts(), await world.notes('user')]).toEqual([[], []]);
    });

    test('of a transaction that is retried is there once', async () => {
      await world.start();
      let attempts = 0;
      await world.inOrder(async (tx) => {
        await world.messaging().bus.emit(tx, Happened.of({ n: 1, text: `attempt ${++attempts}` }));
        if (attempts < 3) await pgTransaction(tx).query(sql('test.conflict', `DO $$ BEGIN RAISE SQLSTATE '40001'; END $$`));
      });
      expect(await world.loggedTexts()).toEqual(['attempt 3']);
    });

    test('comes after those that the same transaction emitted before, also from a last statement', async () => {
      await world.start();
      const text = (word: string) => Happened.of({ n: 1, text: word });
      await world.inOrder(async (tx) => {
        await world.messaging().bus.emit(tx, text('one'), text('two'));
        tx.beforeCommit(() => world.messaging().bus.emit(tx, text('four'), text('five')));
        await world.messaging().bus.emit(tx, text('three'));
        await world.messaging().bus.emit(tx);
      });
      expect(await world.loggedTexts()).toEqual(['one', 'two', 'three', 'four', 'five']);
      await world.settle();
      expect(await world.notes('user')).toHaveLength(5);
    });

    test('is published only by those that the catalogue names, and only if it is listed', async () => {
      await world.start();
      const inUser = (tx: Transaction) => world.messaging().bus.emit(tx, Happened.of({ n: 1, text: '' }));
      await expect(world.databases.of('user').run(inUser)).rejects.toThrow('does not let user publish order.happened');
      await expect(world.inOrder((tx) => world.messaging().bus.emit(tx, Unlisted.of({ n: 1 })))).rejects.toThrow(
        'not in the event catalogue',
      );
    });

    test('with wrong data is a fault of its publisher, and takes the transaction with it', async () => {
      await world.start();
      const wrong = world.inOrder(async (tx) => {
        await note(tx, [{ data: { n: 1 } }]);
        await world.messaging().bus.emit(tx, Happened.of({ n: 1.5, text: '' }));
      });
      await expect(wrong).rejects.toThrow(z.ZodError);
      expect(await world.notes('order')).toEqual([]);
    });

    test('that was not delivered before a stop is delivered after the next start', async () => {
      await world.start();
      await world.messaging().stop();
      await world.inOrder((tx) => world.messaging().bus.emit(tx, Happened.of({ n: 1, text: '' })));
      expect(await world.undelivered()).toBe(1);
      await world.start();
      await world.settle();
      expect(await world.notes('user')).toEqual([1]);
    });
  });

  describe('start-up', () => {
    class Stock {
      @OnEvent(Asked, 'product.stock')
      answer(_tx: Transaction, events: readonly Received<typeof Asked>[]): Promise<Part[]> {
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
      const starting = world.startWith(new Stock(), new Stranger());
      await expect(starting).rejects.toThrow('listed, but no listener: order.asked → coupon.discount');
      await expect(starting).rejects.toThrow('a listener, but not listed: order.happened → cart.stranger');
      expect(await world.undelivered()).toBe(0);
    });
  });
}
