import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pgTransaction, sql } from '../../../src/database/database.js';
import { Unavailable } from '../../../src/kernel/faults.js';
import { done, type Outcome, refused } from '../../../src/messaging/listener.js';
import { type Behaviour, type BusWorld, type NewMessaging, discounted, note, saying, startBusWorld } from './bus-world.js';

const no = (code: string): Outcome<never> => refused({ code, message: 'no' });

/** What every bus does with request events. */
export function requestEvents(newMessaging: () => NewMessaging): void {
  let world: BusWorld;
  beforeEach(async () => {
    world = await startBusWorld(newMessaging());
  });
  afterEach(() => world.stop());

  describe('a request event', () => {
    test('is answered by all listeners together, each in a transaction of its own domain', async () => {
      await world.start();
      expect(await world.ask(7)).toMatchObject({
        ok: true,
        answer: { stock: 5, discount: 7 },
        steps: [
          { event: 'order.asked', listener: 'product.stock', outcome: 'DONE' },
          { event: 'order.asked', listener: 'coupon.discount', outcome: 'DONE' },
        ],
      });
      expect([await world.notes('product'), await world.notes('coupon')]).toEqual([[7], [7]]);
    });

    test('does not bother a listener that it does not concern', async () => {
      await world.start();
      const reply = await world.ask(0);
      expect(reply).toMatchObject({ ok: true, answer: { stock: 5, discount: 0 } });
      expect(reply.steps.map(({ listener }) => listener)).toEqual(['product.stock']);
      expect(await world.notes('coupon')).toEqual([]);
    });

    test('that one listener refuses is still handled to the end by the other', async () => {
      await world.start({ stock: saying(() => no('NO_STOCK')), discount: (tx, events) => sleep(50).then(() => discounted(tx, events)) });
      expect(await world.ask(7)).toMatchObject({
        ok: false,
        refusals: [{ code: 'NO_STOCK' }],
        steps: [
          { listener: 'product.stock', outcome: 'REFUSED', code: 'NO_STOCK' },
          { listener: 'coupon.discount', outcome: 'DONE' },
        ],
      });
      expect(await world.notes('coupon')).toEqual([7]);
    });

    test('that several refuse is answered with all refusals, in the order of the catalogue', async () => {
      await world.start({
        stock: (tx, events) => sleep(50).then(() => saying(() => no('FIRST'))(tx, events)),
        discount: saying(() => no('SECOND')),
      });
      expect(await world.ask(7)).toMatchObject({ ok: false, refusals: [{ code: 'FIRST' }, { code: 'SECOND' }] });
    });

    test('throws the fault of a listener, after all others have ended', async () => {
      const faulty: Behaviour = async (tx, events) => {
        await note(tx, events);
        throw new Error('broken');
      };
      await world.start({ stock: faulty, discount: (tx, events) => sleep(100).then(() => discounted(tx, events)) });
      await expect(world.ask(7)).rejects.toThrow('broken');
      expect([await world.notes('product'), await world.notes('coupon')]).toEqual([[], [7]]);
    });

    test('whose answer is not what its definition says is a fault', async () => {
      await world.start({ stock: saying(() => done({})) });
      await expect(world.ask(7)).rejects.toThrow('stock');
    });

    test('tells of a lost database that it is Unavailable', async () => {
      const { promise: began, resolve: begin } = Promise.withResolvers<void>();
      await world.start({
        stock: async (tx, events) => {
          await note(tx, events);
          begin();
          await pgTransaction(tx).query(sql('test.sleep', 'SELECT pg_sleep(60)'));
          return [];
        },
      });
      const asked = world.ask(7).catch((fault: unknown) => fault);
      await began;
      await world.breakConnections();
      expect(await asked).toBeInstanceOf(Unavailable);
    });

    test('is not to be sent with a transaction open', async () => {
      await world.start();
      await expect(world.inOrder(() => world.ask(7))).rejects.toThrow('a transaction is open here');
    });
  });

  describe('many request events at a time', () => {
    const COUNT = 200;

    test('share transactions, and each gets its own answer', async () => {
      let batches = 0;
      await world.start({ discount: (tx, events) => (batches++, discounted(tx, events)) });
      const replies = await Promise.all(Array.from({ length: COUNT }, (_, index) => world.ask(index + 1)));
      expect(replies.map((reply) => (reply.ok ? reply.answer.discount : undefined))).toEqual(
        Array.from({ length: COUNT }, (_, index) => index + 1),
      );
      expect(batches).toBeLessThan(COUNT / 4);
      expect(await world.notes('coupon')).toHaveLength(COUNT);
    });

    test('spare the neighbours of one that is refused or breaks its batch, and do everything once', async () => {
      const moody: Behaviour = async (tx, events) => {
        await note(tx, events);
        const culprit = events.find(({ data }) => data.n % 50 === 7);
        if (culprit) await pgTransaction(tx).query(sql('test.broken', 'SELECT 1 / 0'));
        return events.map(({ data }) => (data.n % 10 === 3 ? no('THREE') : done({ stock: data.n })));
      };
      await world.start({ stock: moody });
      const asked = await Promise.allSettled(Array.from({ length: COUNT }, (_, n) => world.ask(n)));
      const heard = asked.map((each) => {
        if (each.status === 'rejected') return (each.reason as Error).message;
        return each.value.ok ? each.value.answer.stock : each.value.refusals[0].code;
      });
      const others = (n: number) => (n % 10 === 3 ? 'THREE' : n);
      expect(heard).toEqual(Array.from({ length: COUNT }, (_, n) => (n % 50 === 7 ? 'division by zero' : others(n))));
      expect(await world.notes('product')).toEqual(Array.from({ length: COUNT }, (_, n) => n).filter((n) => n % 50 !== 7));
    });
  });
}
