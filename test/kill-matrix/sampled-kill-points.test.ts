import { expect, test } from 'vitest';
import { KillChain, shareOut } from './chain.js';
import { figuresOf } from './figures.js';
import { KILL_POINTS, type KillPoint, SCENES, isKillPoint } from './kill-points.js';

const CHAINS = 2;
const CHAIN_MS_MAX = 600_000;

/** Of each scene and each place something, in all domains. `npm run test:kill-matrix` kills at every one. */
const SAMPLE: readonly KillPoint[] = Object.entries({
  placing: ['order.ids-of-requests: after statement', 'order.placing → product.reserve-stock: after commit', 'order.place: during commit'],
  everyday: [
    'http.claim-idempotency-keys: after statement',
    'order.begin-payment: during commit',
    'order.processing → product.confirm-stock: before append',
    'order.processing → coupon.use-coupon: after commit',
    'order.payment → user.deduct-balance: during commit',
    'order.finish-payment: before commit',
    'order.expire: before append',
    'order.processing.fail from coupon → product.roll-back-stock: during commit',
    'order.payment.fail from user → coupon.cancel-use: before cursor',
    'order.payment.fail.done from user → order.await-compensations: after commit',
    'order.processed from order → cart.empty-cart: before cursor',
    'order.processed from order → order.data-platform: after effect',
    'order.record-acks: before statement',
    'messaging.notification.lease-cursors: after statement',
  ],
  noAnswer: ['order.give-up-payment: after commit', 'order.payment.fail from order → user.void-charge: before commit'],
  recovering: ['order.take-over-payments: after statement'],
  failing: [
    'order.payment.fail from user → product.roll-back-stock, parked, failed: before append',
    'order.payment.fail from user → product.roll-back-stock, parked: before removal',
    'order.processed from order → order.data-platform, parked: before effect',
    'alert.raised from product → notification.send-alert: after effect',
  ],
}).flatMap(([scene, names]) => names.map((name) => ({ scene: scene as KillPoint['scene'], name })));

const placesOf = (points: readonly KillPoint[]): ReadonlySet<unknown> => new Set(points.map(({ name }) => name.split(': ').at(-1)));
const scenesOf = (points: readonly KillPoint[]): ReadonlySet<unknown> => new Set(points.map(({ scene }) => scene));

test('the sample is of the matrix, and has something of each scene and each place', () => {
  expect(KILL_POINTS).toEqual(expect.arrayContaining([...SAMPLE]));
  expect(scenesOf(SAMPLE)).toEqual(scenesOf(KILL_POINTS));
  expect(placesOf(SAMPLE)).toEqual(placesOf(KILL_POINTS));
});

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

test.concurrent.for(shareOut(SAMPLE, CHAINS))(
  'killed at a sample of its failpoints, the shop decides every payment and keeps its books clean (chain %#)',
  { timeout: CHAIN_MS_MAX },
  async (points, { expect: expectHere, annotate, onTestFinished }) => {
    const chain = await KillChain.open();
    onTestFinished(() => chain.close());
    await chain.killAtEach(points);
    await annotate(`${points.length} kills; ${figuresOf(chain.recoveries)}`);
    expectHere(chain.failures).toEqual([]);
  },
);
