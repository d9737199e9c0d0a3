import { expect, test } from 'vitest';
import { ALL_FAULT_KINDS, type FaultKind } from './faults.js';
import { Random } from './random.js';
import { randomHistory } from './random-history.js';
import { simulate } from './simulate.js';

const HISTORIES = 20_000;
const TIMES_OF_EACH_FAULT_MIN = 5;
/** Half of the seeds lie far from the first ones; this decides where. */
const FAR_AWAY = 20_260_101;

function* seeds(): Generator<number> {
  const far = new Random(FAR_AWAY);
  for (let seed = 1; seed <= HISTORIES / 2; seed++) {
    yield seed;
    yield far.integer(1, Number.MAX_SAFE_INTEGER);
  }
}

test(
  `the shop keeps its promises in ${HISTORIES} random histories, and every kind of fault strikes in them`,
  { timeout: 1_200_000 },
  async () => {
    const struck = new Map<FaultKind, number>();
    for (const seed of seeds()) {
      const { violations, faults } = await simulate(randomHistory(seed));
      expect(violations, `npm run simulate -- --seed ${seed}`).toEqual([]);
      for (const [kind, times] of faults) struck.set(kind, (struck.get(kind) ?? 0) + times);
    }
    expect(ALL_FAULT_KINDS.filter((kind) => (struck.get(kind) ?? 0) < TIMES_OF_EACH_FAULT_MIN)).toEqual([]);
  },
);

test('a history is the same each time it is run', async () => {
  const once = await simulate(randomHistory(7));
  expect(await simulate(randomHistory(7))).toEqual(once);
});
