import { describe, expect, test } from 'vitest';
import type { History } from './history.js';
import { PLANTED_BUGS } from './planted-bugs/all.js';
import type { PlantedBug } from './planted-bugs/planted-bug.js';
import { randomHistory } from './random-history.js';
import { formatReduction, parseReduction, reduced, unreduced } from './reduction.js';
import { shrink } from './shrink.js';
import { simulate } from './simulate.js';

const HISTORIES_MAX = 600;
const OPERATIONS_MAX = 4;
const FAULTS_MAX = 2;
const SHRUNK = [
  'PAID and order.processed are two transactions',
  'the order is PENDING again when the last domain has reported, not all',
  'the cursor of the last read counts, not the locked one',
  'a voided charge is not paid back',
  'a coupon is never given back',
];

const bugNamed = (name: string): PlantedBug => PLANTED_BUGS.find((bug) => bug.name === name) as PlantedBug;
const verdictOf =
  (bug: PlantedBug) =>
  async (history: History): Promise<string | undefined> =>
    (await simulate(history, { bug })).violations[0];

async function firstFailing(bug: PlantedBug): Promise<History> {
  for (let seed = 1; seed <= HISTORIES_MAX; seed++) {
    const history = randomHistory(seed, bug.family, bug.shape);
    if ((await verdictOf(bug)(history)) !== undefined) return history;
  }
  throw new Error(`nothing fails although ${bug.name}`);
}

describe('a failing history is made small', () => {
  test.for(SHRUNK)('%s', { timeout: 600_000 }, async (name) => {
    const bug = bugNamed(name);
    const whole = await firstFailing(bug);
    const { history, reduction, violation } = await shrink(whole, verdictOf(bug));
    expect(history.operations.length).toBeLessThanOrEqual(OPERATIONS_MAX);
    expect(history.faults.length).toBeLessThanOrEqual(FAULTS_MAX);
    // The plan on the command line is all that is needed to see the same again.
    const again = reduced(whole, parseReduction(formatReduction(reduction)));
    expect(await verdictOf(bug)(again)).toBe(violation);
  });
});

test('a history of which everything is left is the whole history', () => {
  const history = randomHistory(5);
  expect(reduced(history, unreduced(history))).toEqual(history);
});

test('a plan that says nothing, or too much, is refused in words', () => {
  expect(() => parseReduction('operations=1')).toThrow(/ending is missing/);
  expect(() => parseReduction('operations=x/faults=/chance=0/processes=1/repeats=no/ending=pay')).toThrow(/"x" is no number/);
  const beyond = parseReduction('operations=99/faults=/chance=0/processes=1/repeats=no/ending=pay');
  expect(() => reduced(randomHistory(5), beyond)).toThrow(/no operation 99/);
});
