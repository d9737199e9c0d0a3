import { expect, test } from 'vitest';
import { KillChain } from './chain.js';
import { KILL_POINTS, SCENES, isKillPoint } from './kill-points.js';
import { figuresOf } from './figures.js';

const CHAINS = 2;
/** A shop that does not recover fails after every later kill, too. */
const FAILURES_MAX = 3;
const CHAIN_MS_MAX = 1_800_000;

test(
  'every failpoint that the shop comes by is in the matrix, and it comes by each of them',
  { timeout: CHAIN_MS_MAX },
  async ({ onTestFinished }) => {
    const chain = await KillChain.open();
    onTestFinished(() => chain.close());
    const reached = new Set<string>();
    for (const scene of Object.values(SCENES)) for (const name of await chain.rehearse(scene)) reached.add(name);
    expect([...reached].filter(isKillPoint).toSorted()).toEqual(KILL_POINTS.map(({ name }) => name).toSorted());
  },
);

test.concurrent.for(Array.from({ length: CHAINS }, (_, index) => index))(
  'killed at each of its failpoints, the shop decides every payment and keeps its books clean (chain %i)',
  { timeout: CHAIN_MS_MAX },
  async (index, { expect: expectHere, annotate, onTestFinished }) => {
    const chain = await KillChain.open();
    onTestFinished(() => chain.close());
    const points = KILL_POINTS.filter((_, place) => place % CHAINS === index);
    for (const point of points) if (chain.failures.length < FAILURES_MAX) await chain.killAt(point);
    await chain.repeatEverything();
    await annotate(`${points.length} kills; ${figuresOf(chain.recoveries)}`);
    expectHere(chain.failures).toEqual([]);
  },
);
