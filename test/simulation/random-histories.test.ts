import { describe, expect, test } from 'vitest';
import { type FaultKind, faultKindsOf } from './faults.js';
import { SHAPES, type Shape } from './history.js';
import { Random } from './random.js';
import { randomHistory } from './random-history.js';
import { simulate } from './simulate.js';

const HISTORIES: Readonly<Record<Shape, number>> = { 'in process': 20_000, kafka: 1_000 };
const TIMES_OF_EACH_FAULT_MIN = 5;
/** Half of the seeds lie far from the first ones; this decides where. */
const FAR_AWAY = 20_260_101;

function* seeds(histories: number): Generator<number> {
  const far = new Random(FAR_AWAY);
  for (let seed = 1; seed <= histories / 2; seed++) {
    yield seed;
    yield far.integer(1, Number.MAX_SAFE_INTEGER);
  }
}

describe.for(SHAPES)('%s', (shape) => {
  test(
    `the shop keeps its promises in ${HISTORIES[shape]} random histories, and every kind of fault strikes in them`,
    { timeout: 1_200_000 },
    async () => {
      const struck = new Map<FaultKind, number>();
      for (const seed of seeds(HISTORIES[shape])) {
        const { violations, faults } = await simulate(randomHistory(seed, undefined, shape));
        expect(violations, `npm run simulate -- --shape "${shape}" --seed ${seed}`).toEqual([]);
        for (const [kind, times] of faults) struck.set(kind, (struck.get(kind) ?? 0) + times);
      }
      expect(faultKindsOf(shape).filter((kind) => (struck.get(kind) ?? 0) < TIMES_OF_EACH_FAULT_MIN)).toEqual([]);
    },
  );

  test('a history is the same each time it is run', async () => {
    const once = await simulate(randomHistory(7, undefined, shape));
    expect(await simulate(randomHistory(7, undefined, shape))).toEqual(once);
  });
});
