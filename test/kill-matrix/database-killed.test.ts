import { expect, test } from 'vitest';
import { KillChain } from './chain.js';
import { figuresOf } from './figures.js';
import { KILL_POINTS, type KillPoint } from './kill-points.js';

const CHAIN_MS_MAX = 300_000;

/** One of each kind of step: beginning, confirming, charging, finishing, compensating, reporting, handing over. */
const SAMPLE = [
  'order.begin-payment: during commit',
  'order.processing → product.confirm-stock: before append',
  'order.payment → user.deduct-balance: during commit',
  'order.finish-payment: after commit',
  'order.payment.fail from user → product.roll-back-stock: during commit',
  'order.payment.fail.done from user → order.await-compensations: before cursor',
  'order.processed from order → order.data-platform: after effect',
].map((name): KillPoint => ({ scene: 'everyday', name }));

/** An embedded database that ends more often than five times in a minute is given up on. */
const SURVIVED = SAMPLE.filter((_, index) => index % 2 === 0);

test('the sample is of the matrix', () => {
  expect(KILL_POINTS).toEqual(expect.arrayContaining(SAMPLE));
});

test(
  'the database ends `immediate` in the middle of a step, and the shop goes on when it is back',
  { timeout: CHAIN_MS_MAX },
  async ({ annotate, onTestFinished }) => {
    const chain = await KillChain.open({ durable: true });
    onTestFinished(() => chain.close());
    for (const point of SURVIVED) await chain.killDatabaseAt(point);
    await chain.repeatEverything();
    await annotate(`${SURVIVED.length} kills of the database; ${figuresOf(chain.recoveries)}`);
    expect(chain.failures).toEqual([]);
  },
);

test(
  'shop and database end in the same moment, and the next start decides every payment',
  { timeout: CHAIN_MS_MAX },
  async ({ annotate, onTestFinished }) => {
    const chain = await KillChain.open({ durable: true });
    onTestFinished(() => chain.close());
    for (const point of SAMPLE) await chain.killAt(point, { withDatabase: true });
    await chain.repeatEverything();
    await annotate(`${SAMPLE.length} kills of both; ${figuresOf(chain.recoveries)}`);
    expect(chain.failures).toEqual([]);
  },
);
