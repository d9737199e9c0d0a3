import { describe, expect, test } from 'vitest';
import { parseBenchOptions } from '../../bench/options.js';
import { SCENARIOS } from '../../bench/scenarios/all.js';
import { SHARES } from '../../bench/scenarios/shop-day.js';
import { WrongOption } from '../support/command-options.js';

describe('the options of npm run bench', () => {
  test('everything has a default, and --quick has smaller ones', () => {
    expect(parseBenchOptions([], 'results')).toMatchObject({ scenarios: SCENARIOS, rounds: 5, out: 'results', quick: false });
    expect(parseBenchOptions(['--quick'], 'results')).toMatchObject({ scenarios: SCENARIOS, rounds: 1, quick: true });
    expect(parseBenchOptions(['--help'], 'results')).toBeNull();
  });

  test('scenarios are played in the order of the report, whatever the order they are named in', () => {
    const options = parseBenchOptions(['--scenarios', 'create-order,pay-hot'], 'results');
    expect(options?.scenarios.map(({ name }) => name)).toEqual(['pay-hot', 'create-order']);
  });

  test.each([
    [['--scenarios', 'pay-hot,pay-cold'], /no "pay-cold", but pay-uniform, /],
    [['--rounds', '0'], /--rounds must be a whole number from 1 to 99, not 0/],
    [['--seconds', 'two'], /--seconds/],
    [['--fast'], /--fast/],
  ])('%j is refused in one line', (args, reason) => {
    expect(() => parseBenchOptions(args, 'results')).toThrow(WrongOption);
    expect(() => parseBenchOptions(args, 'results')).toThrow(reason);
  });

  test('a day in the shop is a hundred percent', () => {
    expect(Object.values(SHARES).reduce((sum, share) => sum + share, 0)).toBe(100);
  });
});
