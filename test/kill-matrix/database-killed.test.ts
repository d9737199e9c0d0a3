import { expect, test } from 'vitest';
import { KillChain } from './chain.js';
import { figuresOf } from './figures.js';
import { KILL_POINTS, type KillPoint } from './kill-points.js';

const CHAIN_MS_MAX = 300_000;

const everyday = (name: string): KillPoint => ({ scene: 'everyday', name });

/** Charging, handing over. (An embedded database that ends more often than five times in a minute is given up on.) */
const SURVIVED = [
  'order.payment → user.deduct-balance: during commit',
  'order.processed from order → order.data-platform: after effect',
].map(everyday);

/** Beginning, finishing, compensating. */
const FATAL = [
  'order.begin-payment: during commit',
  'order.finish-payment: after commit',
  'order.payment.fail from user → product.roll-back-stock: during commit',
].map(everyday);

test('the samples are of the matrix', () => {
  expect(KILL_POINTS).toEqual(expect.arrayContaining([...SURVIVED, ...FATAL]));
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
    for (const point of FATAL) await chain.killAt(point, { withDatabase: true });
    await chain.repeatEverything();
    await annotate(`${FATAL.length} kills of both; ${figuresOf(chain.recoveries)}`);
    expect(chain.failures).toEqual([]);
  },
);
