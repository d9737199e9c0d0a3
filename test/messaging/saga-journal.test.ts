import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Transaction } from '../../src/kernel/transaction.js';
import { done, type Outcome, refused } from '../../src/messaging/listener.js';
import { PgSagaJournal } from '../../src/messaging/postgres/pg-saga-journal.js';
import { SAGA_ABORTED } from '../../src/messaging/saga-journal.js';
import { startWorld, type World } from './world.js';

const STEP = 'product.confirm-stock';

interface Asked {
  readonly sagaId: number;
  readonly note?: string;
}

let world: World;
let sagas = 0;
const journal = new PgSagaJournal('product');
const newSaga = (): number => ++sagas;

beforeAll(async () => {
  world = await startWorld({ poolConnectionsMax: 24 });
});
afterAll(() => world.stop());

/** A listener's domain: odd sagas are done, even ones refused. It counts what it really did, and how often it ran. */
function listener() {
  const acted: string[] = [];
  let attempts = 0;
  const decide = ({ sagaId, note = '' }: Asked): Outcome<string> =>
    sagaId % 2 === 1 ? done(`did ${sagaId}${note}`) : refused({ code: 'NO', message: 'even', details: { sagaId } });
  return {
    acted,
    attempts: () => attempts,
    answer: (...asked: readonly Asked[]): Promise<Outcome<string>[]> =>
      world.databases.of('product').run(async (tx) => {
        attempts++;
        let fresh: readonly Asked[] = [];
        const outcomes = await journal.answerOnce(tx, STEP, asked, {
          sagaIdOf: ({ sagaId }) => sagaId,
          look: () => Promise.resolve(),
          act: (requests) => {
            fresh = requests;
            return Promise.resolve(requests.map(decide));
          },
        });
        tx.afterCommit(() => acted.push(...fresh.map(({ sagaId, note = '' }) => `${sagaId}${note}`)));
        return outcomes;
      }),
    undo: (...sagaIds: readonly number[]): Promise<readonly number[]> =>
      world.databases.of('product').run(async (tx) => {
        attempts++;
        const undone = await journal.undo(tx, STEP, sagaIds);
        return undone.map(({ sagaId }) => sagaId);
      }),
  };
}

const refusalOf = (sagaId: number): Outcome => refused({ code: 'NO', message: 'even', details: { sagaId } });
const [odd, even] = [
  (): number => {
    const saga = newSaga();
    return saga % 2 === 1 ? saga : newSaga();
  },
  (): number => {
    const saga = newSaga();
    return saga % 2 === 0 ? saga : newSaga();
  },
];

test('J1, J2: a repeated request gets the recorded answer, done or refused, and nothing is done again', async () => {
  const { acted, answer } = listener();
  const [yes, no] = [odd(), even()];
  const first = await answer({ sagaId: yes }, { sagaId: no });
  expect(first).toEqual([done(`did ${yes}`), refusalOf(no)]);
  expect(await answer({ sagaId: no }, { sagaId: yes })).toEqual(first.toReversed());
  expect(acted).toEqual([`${yes}`, `${no}`]);
});

test('J1: a batch of fresh and repeated requests does the fresh ones only, and answers all in order', async () => {
  const { acted, answer } = listener();
  const [known, fresh] = [odd(), odd()];
  await answer({ sagaId: known });
  expect(await answer({ sagaId: fresh }, { sagaId: known })).toEqual([done(`did ${fresh}`), done(`did ${known}`)]);
  expect(acted).toEqual([`${known}`, `${fresh}`]);
});

test('J1: of duplicates in one batch the first is acted on, and all get its answer', async () => {
  const { acted, answer } = listener();
  const [twice, once] = [odd(), odd()];
  const outcomes = await answer({ sagaId: twice, note: ' first' }, { sagaId: once }, { sagaId: twice, note: ' second' });
  expect(outcomes).toEqual([done(`did ${twice} first`), done(`did ${once}`), done(`did ${twice} first`)]);
  expect(acted).toEqual([`${twice} first`, `${once}`]);
});

test('J1: a claim waits for another of the same saga, and finds its record', async () => {
  const { acted, answer } = listener();
  const sagaId = odd();
  const claimed = await holding((tx) =>
    journal.claim(tx, STEP, [sagaId]).then(() => journal.record(tx, STEP, [{ sagaId, outcome: done('by the other') }])),
  );
  const second = answer({ sagaId });
  await world.untilSomebodyWaits();
  await claimed.commit();
  expect(await second).toEqual([done('by the other')]);
  expect(acted).toEqual([]);
});

test('J1: a claim whose transaction rolls back leaves the saga to the next', async () => {
  const { answer } = listener();
  const sagaId = odd();
  const claimed = await holding((tx) => journal.claim(tx, STEP, [sagaId]));
  const second = answer({ sagaId });
  await world.untilSomebodyWaits();
  await claimed.rollBack();
  expect(await second).toEqual([done(`did ${sagaId}`)]);
});

describe('J3: an undo', () => {
  test('finds exactly what was done, with its record, once', async () => {
    const { answer, undo } = listener();
    const [yes, no, never] = [odd(), even(), odd()];
    await answer({ sagaId: yes }, { sagaId: no });
    const undone = await world.databases.of('product').run((tx) => journal.undo(tx, STEP, [never, no, yes, yes]));
    expect(undone).toEqual([{ sagaId: yes, record: `did ${yes}` }]);
    expect(await undo(yes, no, never)).toEqual([]);
  });

  test('of one step leaves the other steps of the saga', async () => {
    const { answer, undo } = listener();
    const sagaId = odd();
    await answer({ sagaId });
    expect(await world.databases.of('product').run((tx) => journal.undo(tx, 'product.other-step', [sagaId]))).toEqual([]);
    expect(await undo(sagaId)).toEqual([sagaId]);
  });

  test('that is rolled back has not happened', async () => {
    const { answer, undo } = listener();
    const sagaId = odd();
    await answer({ sagaId });
    const held = await holding((tx) => journal.undo(tx, STEP, [sagaId]));
    await held.rollBack();
    expect(await undo(sagaId)).toEqual([sagaId]);
  });

  test('made twice at the same time undoes once', async () => {
    const { answer, undo } = listener();
    const sagaId = odd();
    await answer({ sagaId });
    expect((await Promise.all([undo(sagaId), undo(sagaId), undo(sagaId)])).flat()).toEqual([sagaId]);
  });
});

describe('J4: an undo that overtakes its step', () => {
  test('leaves a tombstone: the late step is refused and nothing is done', async () => {
    const { acted, answer, undo } = listener();
    const [late, other] = [odd(), odd()];
    expect(await undo(late)).toEqual([]);
    expect(await answer({ sagaId: late }, { sagaId: other })).toMatchObject([
      { kind: 'refused', refusal: { code: SAGA_ABORTED } },
      { kind: 'done' },
    ]);
    expect(acted).toEqual([`${other}`]);
    expect(await undo(late)).toEqual([]);
  });

  test('also while the step is under way: it waits, and undoes what the step then did', async () => {
    const { undo } = listener();
    const sagaId = odd();
    const step = await holding((tx) =>
      journal.claim(tx, STEP, [sagaId]).then(() => journal.record(tx, STEP, [{ sagaId, outcome: done('late') }])),
    );
    const undone = undo(sagaId);
    await world.untilSomebodyWaits();
    await step.commit();
    expect(await undone).toEqual([sagaId]);
  });

  test('is what a repeated request hears after an undo, too', async () => {
    const { answer, undo } = listener();
    const sagaId = odd();
    await answer({ sagaId });
    await undo(sagaId);
    expect(await answer({ sagaId })).toMatchObject([{ kind: 'refused', refusal: { code: SAGA_ABORTED } }]);
  });
});

test('J1-J5: overlapping batches of requests and undos at one time do each saga at most once, undo what was done at most once, and never deadlock', async () => {
  const { acted, answer, undo, attempts } = listener();
  const all = Array.from({ length: 40 }, odd);
  const some = (): number[] => Array.from({ length: 12 }, () => all[Math.floor(Math.random() * all.length)] ?? 0);
  const answers = Array.from({ length: 60 }, async () => {
    const asked = some();
    const outcomes = await answer(...asked.map((sagaId) => ({ sagaId })));
    return asked.map((sagaId, index) => ({ sagaId, outcome: outcomes[index] }));
  });
  const undos = Array.from({ length: 20 }, () => undo(...some()));
  const heard = (await Promise.all(answers)).flat();
  const undone = (await Promise.all(undos)).flat();

  expect(new Set(acted).size).toBe(acted.length);
  expect(new Set(undone).size).toBe(undone.length);
  expect(undone.filter((sagaId) => !acted.includes(`${sagaId}`))).toEqual([]);
  const wrong = heard.filter(({ sagaId, outcome }) =>
    outcome?.kind === 'done' ? outcome.answer !== `did ${sagaId}` : outcome?.refusal.code !== SAGA_ABORTED,
  );
  expect(wrong).toEqual([]);
  // J5: a deadlock would have been retried, so each transaction ran once.
  expect(attempts()).toBe(80);
});

/** A transaction that has done `work` and waits for its end. */
async function holding(work: (tx: Transaction) => Promise<unknown>) {
  const { promise: end, resolve: letGo, reject: fail } = Promise.withResolvers<void>();
  const { promise: worked, resolve: hasWorked } = Promise.withResolvers<void>();
  const ended = world.databases.of('product').run(async (tx) => {
    await work(tx);
    hasWorked();
    await end;
  });
  const settled = ended.catch(() => {});
  await Promise.race([worked, ended]);
  return {
    commit: async () => {
      letGo();
      await ended;
    },
    rollBack: async () => {
      fail(new Error('rolled back'));
      await settled;
    },
  };
}
