import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Transaction } from '../../src/kernel/transaction.js';
import { AlertRaised } from '../../src/messaging/alert-raised.event.js';
import type { Effect } from '../../src/messaging/effect.js';
import type { ShopEvent } from '../../src/messaging/event.js';
import { LOG_SHARDS } from '../../src/messaging/event-log.js';
import { ATTEMPTS_MAX } from '../../src/messaging/parked-retries.js';
import { bySubject, type Happening, happeningOf, startWorld, times, until, type World } from './world.js';

const SHARDS = Array.from({ length: LOG_SHARDS }, (_, shard) => shard);
const NEIGHBOUR = 1 + LOG_SHARDS;
/** No pause worth waiting for. */
const AT_ONCE = { retryDelayMs: () => 1 };
/** Long enough for nothing to be tried again while a test looks. */
const LATER = { retryDelayMs: () => 3_600_000 };

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.stop());

const expectDelivered = (...happenings: readonly Happening[]): Promise<void> =>
  until('all was delivered', async () => (await world.effects()).length >= happenings.length).then(async () =>
    expect(bySubject(await world.effects())).toEqual(bySubject(happenings)),
  );
const expectParked = (...lines: readonly string[]): Promise<void> =>
  until(`parked are ${lines.join(', ')}`, async () => (await world.parked()).join() === lines.join());
/** What an operator does to it. */
const makeDue = (): Promise<unknown> =>
  world.query(`UPDATE shop_product.event_parked SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL`);

/** Notes the effect first, so that a failure shows whether it was rolled back. */
const failing = (when: (happening: Happening) => boolean): Effect => ({
  mode: 'transaction',
  handle: async (tx: Transaction, events: readonly ShopEvent[]) => {
    await world.recordEffects(tx, events);
    if (events.map(happeningOf).some(when)) throw new Error('poison');
  },
});
const isPoison = ({ subject, n }: Happening): boolean => subject === 1 && n === 2;
const recording = failing(() => false);

describe('C2, C3, K1: an event that fails alone', () => {
  test('is parked, and neither its shard nor another is held up; the later ones of its key wait in order behind it', async () => {
    let poisonous = true;
    const consumer = await world.consumer(
      failing((happening) => poisonous && isPoison(happening)),
      { ...AT_ONCE, neverGivesUp: true },
    );
    const others = [...times(NEIGHBOUR, 3), ...SHARDS.filter((shard) => shard !== 1).flatMap((shard) => times(shard, 3))];
    await world.append(...times(1, 4), ...others);
    consumer.start();
    await expectDelivered({ subject: 1, n: 1 }, ...others);
    await world.append(...times(1, 1, 5), ...times(NEIGHBOUR, 1, 4));
    consumer.hint();
    await expectDelivered({ subject: 1, n: 1 }, ...others, { subject: NEIGHBOUR, n: 4 });
    await until('four wait', async () => (await world.parked()).length === 4);
    expect(await consumer.parkedCount()).toEqual({ waiting: 4, dead: 0 });
    expect(await consumer.lag()).toBe(4);

    poisonous = false;
    await expectDelivered(...times(1, 5), ...others, { subject: NEIGHBOUR, n: 4 });
    expect(await world.parked()).toEqual([]);
    expect(await consumer.lag()).toBe(0);
  });

  test('in every shard at once leaves what came before each', async () => {
    const consumer = await world.consumer(
      failing(({ n }) => n === 3),
      LATER,
    );
    await world.append(...SHARDS.flatMap((shard) => times(shard, 5)));
    consumer.start();
    await until('all the rest is parked', async () => (await world.parked()).length === SHARDS.length * 3);
    expect(bySubject(await world.effects())).toEqual(bySubject(SHARDS.flatMap((shard) => times(shard, 2))));
    expect((await world.parked()).slice(0, 3)).toEqual(['0:3 WAITING 1', '0:4 WAITING 0', '0:5 WAITING 0']);
  });

  test('keeps its id and its contents', async () => {
    const seen: ShopEvent[] = [];
    let poisonous = true;
    const consumer = await world.consumer(
      {
        mode: 'transaction',
        handle: (_, events) => {
          seen.push(...events);
          return poisonous ? Promise.reject(new Error('poison \0 with what \uD800 no database stores')) : Promise.resolve();
        },
      },
      { ...AT_ONCE, neverGivesUp: true },
    );
    await world.append(...times(1, 1));
    consumer.start();
    await until('it was tried again', () => seen.length >= 3);
    poisonous = false;
    await until('nothing is left', async () => (await consumer.lag()) === 0);
    expect(seen).toEqual(seen.map(() => seen[0]));
  });

  test('that was parked while the one before it went away is found all the same (K2)', async () => {
    const consumer = await world.consumer(
      failing(({ n }) => n === 1),
      LATER,
    );
    await world.append(...times(1, 2));
    consumer.start();
    await expectParked('1:1 WAITING 1', '1:2 WAITING 0');
    await consumer.stop();
    // As if the removal of the first had not seen the second.
    await world.query('DELETE FROM shop_product.event_parked WHERE position = 1');
    (await world.consumer(recording)).start();
    await expectDelivered({ subject: 1, n: 2 });
  });

  test('is tried again with growing pauses', async () => {
    const asked: number[] = [];
    const consumer = await world.consumer(failing(isPoison), { retryDelayMs: (failures) => (asked.push(failures), 1) });
    await world.append(...times(1, 2));
    consumer.start();
    await until('it was given up', async () => (await consumer.parkedCount()).dead > 0);
    expect(asked).toEqual(Array.from({ length: ATTEMPTS_MAX - 1 }, (_, index) => index + 1));
  });
});

describe('K4:', () => {
  test('after 12 attempts a side effect is dead, and its key waits', async () => {
    const faults: (number | null)[] = [];
    const consumer = await world.consumer(failing(isPoison), { ...AT_ONCE, onFault: (_, { retryInMs }) => faults.push(retryInMs) });
    await world.append(...times(1, 3), ...times(2, 1));
    consumer.start();
    await expectParked('1:2 DEAD 12', '1:3 WAITING 0');
    await until('it was reported', () => faults.length === ATTEMPTS_MAX);
    expect(faults).toEqual([...Array.from({ length: 11 }, () => 1), null]);
    expect(await consumer.parkedCount()).toEqual({ waiting: 1, dead: 1 });
    await world.append(...times(2, 1, 2));
    consumer.hint();
    await expectDelivered({ subject: 1, n: 1 }, ...times(2, 2));
  });

  test('a compensation is never dead: it alerts after its third failure, once, and goes on', async () => {
    let poisonous = true;
    const consumer = await world.consumer(
      failing((happening) => poisonous && isPoison(happening)),
      { ...AT_ONCE, neverGivesUp: true },
    );
    await world.append(...times(1, 3));
    consumer.start();
    await until('it was tried far more often than a side effect', async () => {
      const [first = ''] = await world.parked();
      return Number(first.split(' ')[2]) > 2 * ATTEMPTS_MAX;
    });
    expect(await world.raised()).toMatchObject([{ kind: 'stuck-compensation', failures: 3 }]);
    poisonous = false;
    await expectDelivered(...times(1, 3));
    expect(await world.raised()).toHaveLength(1);
  });
});

describe('K6: an alert and the failure that it tells of', () => {
  const alert = {
    subscriber: 'product.note',
    event: { id: 'test.happened:1:2', type: 'test.happened', source: 'order', subject: '1' },
    error: { name: 'Error', message: 'poison' },
  };

  test('are one transaction when a side effect is given up', async () => {
    const consumer = await world.consumer(failing(isPoison), AT_ONCE);
    await world.append(...times(1, 2));
    consumer.start();
    await expectParked('1:2 DEAD 12');
    expect(await world.raised()).toEqual([{ ...alert, kind: 'dead-letter', deadLetterId: 'product-1', failures: 12, failuresTotal: 12 }]);
  });

  test('are one transaction when a compensation fails for the third time', async () => {
    const consumer = await world.consumer(failing(isPoison), {
      neverGivesUp: true,
      retryDelayMs: (failures) => (failures < 3 ? 1 : 3_600_000),
    });
    await world.append(...times(1, 2));
    consumer.start();
    await expectParked('1:2 WAITING 3');
    expect(await world.raised()).toEqual([
      { ...alert, kind: 'stuck-compensation', deadLetterId: 'product-1', failures: 3, failuresTotal: 3 },
    ]);
  });

  test('are both missing when the alert cannot be written, and both there when the event has failed again', async () => {
    const parkedThen: (readonly string[])[] = [];
    const consumer = await world.consumer(failing(isPoison), {
      neverGivesUp: true,
      retryDelayMs: (failures) => (failures < 3 ? 1 : 3_600_000),
      bus: {
        emit: async (tx, ...events) => {
          parkedThen.push(await world.parked());
          if (parkedThen.length < 3) throw new Error('no log');
          return world.bus.emit(tx, ...events);
        },
      },
    });
    await world.append(...times(1, 2));
    consumer.start();
    await expectParked('1:2 WAITING 3');
    expect(parkedThen).toEqual(Array.from({ length: 3 }, () => ['1:2 WAITING 2']));
    expect(await world.raised()).toMatchObject([{ failures: 3, failuresTotal: 3 }]);
  });

  test('are not told of by another alert when the listener of alerts fails', async () => {
    const noting = await world.consumer(failing(isPoison), AT_ONCE);
    const telling = await world.consumer(
      { mode: 'transaction', handle: () => Promise.reject(new Error('nobody listens')) },
      { ...AT_ONCE, subscriber: 'product.tell', type: AlertRaised.type, log: world.alertLog },
    );
    await world.append(...times(1, 2));
    for (const consumer of [noting, telling]) consumer.start();
    await until('the alert is a dead letter', async () => (await telling.parkedCount()).dead === 1);
    expect(await world.raised()).toHaveLength(1);
  });
});

describe('K3: a parked event has one effect', () => {
  test('however many processes try it', async () => {
    const first = await world.consumer(
      failing(({ n }) => n > 0),
      LATER,
    );
    const subjects = Array.from({ length: 60 }, (_, subject) => subject);
    await world.append(...subjects.flatMap((subject) => times(subject, 4)));
    first.start();
    await until('all is parked', async () => (await world.parked()).length === subjects.length * 4);
    await first.stop();
    await makeDue();
    const two = await Promise.all([world.consumer(recording), world.consumer(recording, { at: world.process() })]);
    for (const consumer of two) consumer.start();
    await expectDelivered(...subjects.flatMap((subject) => times(subject, 4)));
    await until('nothing is parked', async () => (await world.parked()).length === 0);
    expect(await world.effects()).toHaveLength(subjects.length * 4);
  });

  test('when its process dies between the effect and the commit', async () => {
    const { promise: never } = Promise.withResolvers<void>();
    const { promise: began, resolve: begin } = Promise.withResolvers<void>();
    let calls = 0;
    const faults: unknown[] = [];
    const consumer = await world.consumer(
      {
        mode: 'transaction',
        handle: async (tx, events) => {
          await world.recordEffects(tx, events);
          if (++calls === 1) throw new Error('poison');
          begin();
          // Here the process is killed: its connection ends, and with it the transaction.
          await Promise.race([never, world.recordEffects(tx, events).then(() => world.breakConnections())]);
        },
      },
      { ...AT_ONCE, onFault: (fault) => faults.push(fault) },
    );
    await world.append(...times(1, 1));
    consumer.start();
    await began;
    await until('the connection broke', () => faults.length >= 2);
    await consumer.stop();
    expect(await world.effects()).toEqual([]);
    expect(await world.parked()).toEqual(['1:1 WAITING 1']);
    (await world.consumer(recording)).start();
    await expectDelivered({ subject: 1, n: 1 });
  });

  test('and one poisonous event among many costs the others nothing', async () => {
    let poisoned: (happening: Happening) => boolean = () => true;
    const consumer = await world.consumer(
      failing((happening) => poisoned(happening)),
      LATER,
    );
    const subjects = Array.from({ length: 40 }, (_, subject) => subject);
    await world.append(...subjects.flatMap((subject) => times(subject, 1)));
    consumer.start();
    await until('all is parked', async () => (await world.parked()).length === subjects.length);
    poisoned = ({ subject }) => subject === 7;
    await makeDue();
    await expectDelivered(...subjects.filter((subject) => subject !== 7).flatMap((subject) => times(subject, 1)));
    await expectParked('7:1 WAITING 2');
  });
});
