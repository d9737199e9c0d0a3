import { describe, expect, test } from 'vitest';
import { randomHistory } from './history.js';
import { PLANTED_BUGS } from './planted-bugs/all.js';
import { simulate } from './simulate.js';

const HISTORIES = 2_000;
const HISTORIES_PER_BUG_MAX = 600;

test(`the shop keeps its promises in ${HISTORIES} random histories of crashes, duplicates, delays and outages`, async () => {
  for (let seed = 1; seed <= HISTORIES; seed++) {
    const { violations } = await simulate(randomHistory(seed));
    expect(violations, `seed ${seed}`).toEqual([]);
  }
}, 300_000);

test('a history is the same each time it is run', async () => {
  const once = await simulate(randomHistory(7));
  expect(await simulate(randomHistory(7))).toEqual(once);
});

describe('the tester is tested: each planted bug is caught', () => {
  test.for(PLANTED_BUGS)('$name', { timeout: 120_000 }, async (bug) => {
    let caught = '';
    for (let seed = 1; seed <= HISTORIES_PER_BUG_MAX && caught === ''; seed++) {
      caught = (await simulate(randomHistory(seed, bug.family), { bug })).violations[0] ?? '';
    }
    expect(caught).not.toBe('');
  });
});
