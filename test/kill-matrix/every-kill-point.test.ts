import { test } from 'vitest';
import { KillChain, shareOut } from './chain.js';
import { figuresOf } from './figures.js';
import { KILL_POINTS } from './kill-points.js';

const CHAINS = 3;
const CHAIN_MS_MAX = 1_800_000;

test.concurrent.for(shareOut(KILL_POINTS, CHAINS))(
  'killed at each of its failpoints, the shop decides every payment and keeps its books clean (chain %#)',
  { timeout: CHAIN_MS_MAX },
  async (points, { expect, annotate, onTestFinished }) => {
    const chain = await KillChain.open();
    onTestFinished(() => chain.close());
    await chain.killAtEach(points);
    await annotate(`${points.length} kills; ${figuresOf(chain.recoveries)}`);
    expect(chain.failures).toEqual([]);
  },
);
