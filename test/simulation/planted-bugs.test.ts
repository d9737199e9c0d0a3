import { expect, test } from 'vitest';
import { PLANTED_BUGS } from './planted-bugs/all.js';
import { randomHistory } from './random-history.js';
import { simulate } from './simulate.js';

const HISTORIES_PER_BUG_MAX = 3_000;
const BUGS_MIN = 40;

test('each planted bug has a name of its own, and there are enough of them', () => {
  const names = new Set(PLANTED_BUGS.map(({ name }) => name));
  expect(names.size).toBe(PLANTED_BUGS.length);
  expect(names.size).toBeGreaterThanOrEqual(BUGS_MIN);
});

test.for(PLANTED_BUGS)('the tester is tested: it finds that $name', { timeout: 600_000 }, async (bug) => {
  let broken = '';
  for (let seed = 1; seed <= HISTORIES_PER_BUG_MAX && broken === ''; seed++) {
    broken = (await simulate(randomHistory(seed, bug.family, bug.shape), { bug })).violations[0] ?? '';
  }
  expect(broken).not.toBe('');
});
