import { expect, test } from 'vitest';
import { simulate } from './simulate.js';
import { smallScope } from './small-scope.js';

const HISTORIES_MIN = 10_000;

test(
  'one order survives every fault at every await, every two repeated deliveries, and every crash with a repeated delivery',
  { timeout: 1_200_000 },
  async () => {
    let histories = 0;
    for await (const { number, what, history } of smallScope()) {
      const { violations } = await simulate(history);
      expect(violations, `${what}: npm run simulate -- --small-scope --number ${number}`).toEqual([]);
      histories++;
    }
    process.stdout.write(`small scope: ${histories} histories\n`);
    expect(histories).toBeGreaterThanOrEqual(HISTORIES_MIN);
  },
);
