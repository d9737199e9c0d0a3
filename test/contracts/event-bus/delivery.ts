import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pgTransaction, sql } from '../../../src/database/database.js';
import type { Transaction } from '../../../src/kernel/transaction.js';
import type { Received } from '../../../src/messaging/event.js';
import { until } from '../../messaging/world.js';
import { type BusWorld, type Happened, type Hear, type NewMessaging, note, startBusWorld } from './bus-world.js';

const times = (n: number, count: number): { n: number; text: string }[] =>
  Array.from({ length: count }, (_, index) => ({ n, text: String(index + 1).padStart(3, '0') }));

/** How every bus brings durable events to their subscribers. */
export function delivery(newMessaging: () => NewMessaging): void {
  let world: BusWorld;
  beforeEach(async () => {
    world = await startBusWorld(newMessaging());
  });
  afterEach(() => world.stop());

  describe('delivery', () => {
    test('is once for each event, and in order for the events of one subject', async () => {
      const heard: Received<typeof Happened>[] = [];
      await world.start({ hear: listenInto(heard) });
      const subjects = Array.from({ length: 20 }, (_, index) => index + 1);
      await Promise.all(subjects.map((n) => emitOneByOne(world, times(n, 10))));
      await world.settle();
      expect(await world.notes('user')).toEqual(subjects.flatMap((n) => Array.from({ length: 10 }, () => n)));
      const bySubject = Map.groupBy(heard, ({ data }) => data.n);
      expect(subjects.map((n) => bySubject.get(n)?.map(({ data }) => data.text))).toEqual(
        subjects.map((n) => times(n, 10).map(({ text }) => text)),
      );
    });

    test('gives the event as it was published', async () => {
      const heard: Received<typeof Happened>[] = [];
      await world.start({ hear: listenInto(heard) });
      await world.emit({ n: 7, text: 'grüße, ‘주문’' });
      await world.settle();
      expect(heard).toEqual([
        expect.objectContaining({
          id: 'order.happened:7:grüße, ‘주문’',
          type: 'order.happened',
          source: 'order',
          subject: '7',
          time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
          dataschema: 'order.happened/v1',
          data: { n: 7, text: 'grüße, ‘주문’' },
        }),
      ]);
    });

    test('is repeated after a fault that comes after the effect, and the effect stands once', async () => {
      let calls = 0;
      const hear: Hear = async (tx, events) => {
        await note(tx, events);
        if (++calls === 1) await pgTransaction(tx).query(sql('test.broken', 'SELECT 1 / 0'));
      };
      await world.start({ hear });
      await world.emit({ n: 1, text: '' });
      await world.settle();
      expect(await world.notes('user')).toEqual([1]);
      expect(calls).toBeGreaterThan(1);
    });

    test('of a poison event waits with the later ones of its subject, and its neighbours go on', async () => {
      let healed = false;
      const hear: Hear = async (tx, events) => {
        await note(tx, events);
        if (!healed && events.some(({ data }) => data.n === 13)) await pgTransaction(tx).query(sql('test.poison', 'SELECT 1 / 0'));
      };
      await world.start({ hear });
      await world.emit({ n: 12, text: '' }, { n: 13, text: '1' }, { n: 13, text: '2' }, { n: 29, text: '' });
      await until('the neighbours are handled', async () => (await world.notes('user')).length === 2);
      await until('both of its subject wait', async () => (await world.messaging().parked()).some(({ waiting }) => waiting === 2));
      expect(await world.notes('user')).toEqual([12, 29]);
      healed = true;
      await world.settle();
      expect(await world.notes('user')).toEqual([12, 13, 13, 29]);
    });
  });

  const listenInto =
    (heard: Received<typeof Happened>[]): Hear =>
    async (tx: Transaction, events) => {
      await note(tx, events);
      tx.afterCommit(() => void heard.push(...events));
    };
}

async function emitOneByOne(world: BusWorld, happenings: readonly { n: number; text: string }[]): Promise<void> {
  for (const happening of happenings) await world.emit(happening);
}
