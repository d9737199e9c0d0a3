import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pgTransaction, sql } from '../../src/database/database.js';
import type { DeadLetter } from '../../src/messaging/dead-letters.js';
import { placeOf, placeOfAction } from '../../src/messaging/dead-letters.js';
import type { Effect } from '../../src/messaging/effect.js';
import { PgDeadLetters } from '../../src/messaging/postgres/pg-dead-letters.js';
import { type Happening, happeningOf, startWorld, times, until, type World } from './world.js';

const AT_ONCE = { retryDelayMs: () => 1 };
const LATER = { retryDelayMs: () => 3_600_000 };
const LOCK_PARKED = sql('test.lock-parked', 'SELECT FROM shop_product.event_parked FOR UPDATE');
const BY = { actor: 'user:1' };
const BECAUSE = { ...BY, reason: 'the customer was told' };

let world: World;
let letters: PgDeadLetters;
beforeEach(async () => {
  world = await startWorld();
  letters = new PgDeadLetters(world.databases, ['order', 'product', 'user']);
});
afterEach(() => world.stop());

const failing = (when: (happening: Happening) => boolean): Effect => ({
  mode: 'transaction',
  handle: async (tx, events) => {
    await world.recordEffects(tx, events);
    if (events.map(happeningOf).some(when)) throw new Error('poison');
  },
});
const all = (): Promise<readonly DeadLetter[]> => letters.list({ limit: 100 });
const idOf = async (eventId: string): Promise<string> => (await all()).find((letter) => letter.eventId === eventId)?.id ?? 'none';
const deadIn = async (count: number): Promise<void> =>
  until(`${count} are dead`, async () => (await letters.list({ state: 'DEAD', limit: 100 })).length === count);

/** Subject 1 has a dead letter with one event behind it, subject 2 a dead letter; the listener is mended when told. */
async function withDeadLetters() {
  const state = { poisonous: true };
  const consumer = await world.consumer(
    failing(({ n }) => state.poisonous && n === 1),
    AT_ONCE,
  );
  await world.append(...times(1, 2), ...times(2, 1));
  consumer.start();
  await deadIn(2);
  await until('the later one waits', async () => (await all()).length === 3);
  return { consumer, mend: () => void (state.poisonous = false) };
}

describe('an operator sees', () => {
  test('what is parked in every domain, newest first, page by page', async () => {
    await withDeadLetters();
    await world.query(
      `INSERT INTO shop_user.event_parked (subscriber, topic, source, shard, position, event_id, subject, event, never_gives_up, attempts, failures_total)
       SELECT 'user.note', 'test.happened', 'order', 0, n, 'u' || n, '16', '{}', true, 0, 0 FROM generate_series(1, 3) n`,
    );
    const whole = await all();
    expect(whole).toHaveLength(6);
    expect(whole.map(({ parkedAt }) => parkedAt)).toEqual(
      whole
        .map(({ parkedAt }) => parkedAt)
        .toSorted()
        .toReversed(),
    );
    const paged: DeadLetter[] = [];
    for (
      let page = await letters.list({ limit: 2 });
      page.length > 0;
      page = await letters.list({ after: placeOf(page.at(-1) as DeadLetter), limit: 2 })
    ) {
      paged.push(...page);
    }
    expect(paged).toEqual(whole);
    expect((await letters.list({ state: 'DEAD', limit: 9 })).map(({ subject }) => subject).toSorted()).toEqual(['1', '2']);
    expect(await letters.list({ subscriber: 'user.note', limit: 9 })).toHaveLength(3);
    expect(await letters.list({ topic: 'another', limit: 9 })).toEqual([]);
  });

  test('the event, its error and every attempt', async () => {
    await withDeadLetters();
    const id = await idOf('test.happened:1:1');
    expect(await letters.find(id)).toMatchObject({
      id,
      state: 'DEAD',
      subscriber: 'product.note',
      topic: 'test.happened',
      source: 'order',
      subject: '1',
      attempts: 12,
      failuresTotal: 12,
      nextAttemptAt: null,
      neverGivesUp: false,
      lastFailure: { name: 'Error', message: 'poison' },
      event: { id: 'test.happened:1:1', data: { subject: 1, n: 1 } },
    });
    expect((await letters.find(id))?.failures).toHaveLength(12);
    expect(await letters.find('product-999')).toBeNull();
    expect(await letters.find('nobody-1')).toBeNull();
  });
});

describe('a dead letter', () => {
  test('retried twice has one effect, under the same id, and the later events of its key follow (A2)', async () => {
    const { mend, consumer } = await withDeadLetters();
    const id = await idOf('test.happened:1:1');
    await consumer.stop();
    expect(await letters.retry(id, BY)).toMatchObject({
      ok: true,
      value: { action: 'RETRY', actor: 'user:1', eventId: 'test.happened:1:1' },
    });
    expect((await letters.retry(id, BY)).ok).toBe(true);
    mend();
    (await world.consumer(failing(() => false))).start();
    await until('it was handled', async () => (await all()).length === 1);
    expect(await world.effects()).toEqual(times(1, 2));
    expect(await letters.retry(id, BY)).toMatchObject({ ok: false, refusal: { code: 'DEAD_LETTER_NOT_FOUND' } });
    expect((await letters.actions({ limit: 9 })).map(({ action }) => action)).toEqual(['RETRY', 'RETRY']);
  });

  test('has all its attempts again, and a second alert when it fails again', async () => {
    await withDeadLetters();
    expect(await world.raised()).toHaveLength(2);
    await letters.retry(await idOf('test.happened:2:1'), BY);
    await until('it died again', async () => (await world.raised()).length === 3);
    await until('it is dead', async () => (await letters.find(await idOf('test.happened:2:1')))?.state === 'DEAD');
    expect(await letters.find(await idOf('test.happened:2:1'))).toMatchObject({ attempts: 12, failuresTotal: 24 });
  });

  test('is retried with all others, or those of a subscriber, in one go', async () => {
    const { mend } = await withDeadLetters();
    mend();
    expect(await letters.retryAll({ subscriber: 'product.other' }, BY)).toBe(0);
    expect(await letters.retryAll({ subscriber: 'product.note' }, BY)).toBe(2);
    await until('all were handled', async () => (await all()).length === 0);
    expect(await letters.actions({ limit: 9 })).toHaveLength(2);
    expect(await world.effects()).toHaveLength(3);
  });

  test('that is discarded lets the later events of its key go on, and stays in the record with its event (A1, A3)', async () => {
    await withDeadLetters();
    const id = await idOf('test.happened:1:1');
    expect(await letters.discard(id, BECAUSE)).toMatchObject({
      ok: true,
      value: { action: 'DISCARD', reason: BECAUSE.reason, failuresTotal: 12 },
    });
    await until('the next one was handled', async () => (await world.effects()).length === 1);
    expect(await world.effects()).toEqual([{ subject: 1, n: 2 }]);
    expect(await letters.discard(id, BECAUSE)).toMatchObject({ ok: false, refusal: { code: 'DEAD_LETTER_NOT_FOUND' } });
    expect(await world.query(`SELECT event #>> '{data,n}' AS n FROM shop_product.dead_letter_action`)).toEqual([{ n: '1' }]);
  });

  test('cannot be resolved, and what waits behind it can be neither retried nor discarded', async () => {
    await withDeadLetters();
    const behind = await idOf('test.happened:1:2');
    expect(await letters.resolve(await idOf('test.happened:1:1'), BECAUSE)).toMatchObject({
      ok: false,
      refusal: { code: 'NOT_A_STUCK_COMPENSATION' },
    });
    expect(await letters.retry(behind, BY)).toMatchObject({ ok: false, refusal: { code: 'WAITS_BEHIND_ANOTHER' } });
    expect(await letters.discard(behind, BECAUSE)).toMatchObject({ ok: false, refusal: { code: 'NOT_A_DEAD_LETTER' } });
    expect(await letters.actions({ limit: 9 })).toEqual([]);
  });
});

describe('a stuck compensation', () => {
  const stuck = async () => {
    const consumer = await world.consumer(
      failing(({ n }) => n === 1),
      { ...LATER, neverGivesUp: true },
    );
    await world.append(...times(1, 2));
    consumer.start();
    await until('both are parked', async () => (await all()).length === 2);
    return idOf('test.happened:1:1');
  };

  test('can be resolved by hand, with a reason; what waits behind it goes on', async () => {
    const id = await stuck();
    expect(await letters.discard(id, BECAUSE)).toMatchObject({ ok: false, refusal: { code: 'NOT_A_DEAD_LETTER' } });
    expect(await letters.resolve(id, BECAUSE)).toMatchObject({ ok: true, value: { action: 'RESOLVE', reason: BECAUSE.reason } });
    await until('the next one was handled', async () => (await all()).length === 0);
    expect(await world.effects()).toEqual([{ subject: 1, n: 2 }]);
  });

  test('can be tried at once instead of at its next pause', async () => {
    const id = await stuck();
    await letters.retry(id, BY);
    await until('it was tried again', async () => (await letters.find(id))?.failuresTotal === 2);
    expect(await letters.find(id)).toMatchObject({ state: 'WAITING', attempts: 1 });
  });

  test('that is being tried is left alone', async () => {
    const id = await stuck();
    const { promise: held, resolve: hold } = Promise.withResolvers<void>();
    const { promise: gate, resolve: letGo } = Promise.withResolvers<void>();
    const otherProcess = world
      .process()
      .of('product')
      .run(async (tx) => {
        await pgTransaction(tx).query(LOCK_PARKED);
        hold();
        await gate;
      });
    await held;
    expect(await letters.resolve(id, BECAUSE)).toMatchObject({ ok: false, refusal: { code: 'BEING_TRIED' } });
    letGo();
    await otherProcess;
  });
});

describe('the record of what operators did', () => {
  test.each([
    'UPDATE shop_product.dead_letter_action SET actor = NULL',
    'DELETE FROM shop_product.dead_letter_action',
    'TRUNCATE shop_product.dead_letter_action',
  ])('refuses %s', async (change) => {
    await expect(world.query(change)).rejects.toThrow(/append-only/);
  });

  test('is listed newest first, page by page', async () => {
    const { consumer } = await withDeadLetters();
    await consumer.stop();
    for (let turn = 0; turn < 5; turn++) await letters.retry(await idOf(`test.happened:${1 + (turn % 2)}:1`), BY);
    const whole = await letters.actions({ limit: 9 });
    expect(whole).toHaveLength(5);
    const first = await letters.actions({ limit: 2 });
    const rest = await letters.actions({ limit: 9, after: placeOfAction(first[1] as (typeof first)[number]) });
    expect([...first, ...rest]).toEqual(whole);
  });
});
