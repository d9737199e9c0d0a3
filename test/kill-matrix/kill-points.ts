import { eventCatalogue } from '../../src/event-catalogue.js';
import { AlertRaised } from '../../src/messaging/alert-raised.event.js';
import { workOf } from '../../src/messaging/event-log.js';
import type { ErrandKind } from './crowd.js';

/** Customers who are about their errands when the shop dies, and what goes wrong besides. */
export interface Scene {
  readonly errands: readonly ErrandKind[];
  /** Until when all is well: until orders are placed, or until they are about to be paid. Or the shop dies once more while it recovers. */
  readonly armed: 'before placing' | 'before paying' | 'at the restart';
  readonly faults?: Readonly<Record<string, number>>;
}

const CHARGE = 'order.payment → user.deduct-balance';
const ROLL_BACK = workOf({ type: 'order.payment.fail', source: 'user', subscriber: 'product.roll-back-stock' });
const HAND_OVER = workOf({ type: 'order.processed', source: 'order', subscriber: 'order.data-platform' });
const WITHOUT_END = 1_000_000;

const everyday: Scene = {
  errands: [
    'pays',
    'pays with a coupon',
    'is refused by the product',
    'is refused by the coupon',
    'is refused by the user',
    'cancels',
    'lets the order run out',
  ],
  armed: 'before paying',
};
const placing: Scene = { errands: ['pays', 'pays from the cart'], armed: 'before placing' };
const noAnswer: Scene = { errands: ['is given up'], armed: 'before paying', faults: { [`${CHARGE}: before commit`]: WITHOUT_END } };
const recovering: Scene = { errands: ['pays', 'pays with a coupon', 'is refused by the user'], armed: 'at the restart' };
const failing: Scene = {
  errands: ['pays', 'is refused by the user'],
  armed: 'before paying',
  faults: {
    [`${ROLL_BACK}: before cursor`]: 1,
    // The third failure raises an alert.
    [`${ROLL_BACK}, parked: before removal`]: 2,
    [`${HAND_OVER}: before effect`]: 1,
    [`${HAND_OVER}, parked: before effect`]: 1,
  },
};

export const SCENES = { everyday, placing, noAnswer, recovering, failing } as const;
type SceneName = keyof typeof SCENES;

export interface KillPoint {
  readonly scene: SceneName;
  /** Of the failpoint. */
  readonly name: string;
}

const transaction = (work: string, ...before: readonly string[]): string[] =>
  [...before, 'before commit', 'during commit', 'after commit'].map((place) => `${work}: ${place}`);
const publishing = (work: string, ...before: readonly string[]): string[] => transaction(work, ...before, 'before append');
const statements = (...names: readonly string[]): string[] =>
  names.flatMap((name) => [`${name}: before statement`, `${name}: after statement`]);

/** The listeners that report their compensation. */
const REPORTING = new Set(['product.roll-back-stock', 'coupon.cancel-use', 'user.void-charge']);
const OUTSIDE = new Set(['order.data-platform', 'notification.send-receipt', 'notification.send-alert']);

/** Every durable delivery of the catalogue, by the domain that published. */
function deliveries(concerns: (type: string, source: string) => boolean): string[] {
  return eventCatalogue.entries
    .filter(({ event }) => event.kind === 'durable')
    .flatMap(({ event: { type }, publishers, subscribers }) =>
      publishers
        .filter((source) => concerns(type, source))
        .flatMap((source) => subscribers.map((subscriber) => ({ type, source, subscriber }))),
    )
    .flatMap((identity) => {
      const work = workOf(identity);
      if (OUTSIDE.has(identity.subscriber)) return transaction(work, 'before effect', 'after effect', 'before cursor');
      return REPORTING.has(identity.subscriber) ? publishing(work, 'before cursor') : transaction(work, 'before cursor');
    });
}

const isAlert = (type: string): boolean => type === AlertRaised.type;
/** By the order domain itself, when nobody has answered. */
const isGivenUp = (type: string, source: string): boolean => type === 'order.payment.fail' && source === 'order';

const BY_SCENE: Readonly<Record<SceneName, readonly string[]>> = {
  placing: [
    ...statements('order.next-ids', 'order.ids-of-requests'),
    ...transaction('order.collecting → cart.list-lines'),
    ...transaction('order.placing → product.reserve-stock'),
    ...transaction('order.place'),
  ],
  everyday: [
    ...statements('http.claim-idempotency-keys', 'http.complete-idempotency-keys'),
    ...transaction('order.begin-payment'),
    ...publishing('order.processing → product.confirm-stock'),
    ...publishing('order.processing → coupon.use-coupon'),
    ...publishing(CHARGE),
    ...publishing('order.finish-payment'),
    ...statements('order.append-steps'),
    ...publishing('order.cancel'),
    ...publishing('order.expire'),
    ...transaction('product.release-expired-holds'),
    ...publishing('product.publish-availability'),
    ...deliveries((type, source) => !isGivenUp(type, source) && !isAlert(type)),
    ...statements('messaging.order.lease-cursors', 'order.record-acks', 'messaging.notification.lease-cursors'),
  ],
  noAnswer: [...statements('http.release-idempotency-keys'), ...publishing('order.give-up-payment'), ...deliveries(isGivenUp)],
  recovering: statements('order.end-leases', 'order.take-over-payments'),
  failing: [
    ...transaction(`${ROLL_BACK}, parking`, 'before cursor'),
    ...publishing(`${ROLL_BACK}, parked, failed`),
    ...publishing(`${ROLL_BACK}, parked`, 'before removal'),
    ...transaction(`${HAND_OVER}, parking`, 'before cursor'),
    ...statements('messaging.order.lease-parked-events'),
    ...transaction(`${HAND_OVER}, parked, failed`),
    ...transaction(`${HAND_OVER}, parked`, 'before effect', 'after effect'),
    // Those of all domains are raised and told in the same way.
    ...deliveries((type, source) => isAlert(type) && source === 'product'),
  ],
};

/** Every place where the shop is killed. */
export const KILL_POINTS: readonly KillPoint[] = (Object.keys(SCENES) as SceneName[]).flatMap((scene) =>
  BY_SCENE[scene].map((name) => ({ scene, name })),
);

/** Statements that change nothing, or only wake somebody: a kill beside one is a kill between two that do. */
const READS =
  /^(?:coupon\.look|order\.(?:detail|payment-progress|paid-orders?|acknowledged-events)|product\.detail|messaging\.(?:\w+\.(?:read-\w+|parked-outlook|count-parked-events)|notify-appended)|http\.find-idempotency-keys): /;
/** What every start does again, before anything is sold. */
const OPENING = /^(?:database\.fix-setting|messaging\.\w+\.(?:open-(?:log|cursors)|find-unopened-cursors)): /;
/** What happens in its own time, in one run and not in another. */
const NOW_AND_THEN =
  /^(?:\w+\.purge-[\w-]+|http\.renew-idempotency-claims|messaging\.\w+\.(?:promote-parked-events|release-cursors|is-log-work-due|be-the-only-janitor|let-other-janitors)): /;

export const isKillPoint = (failpoint: string): boolean => ![READS, OPENING, NOW_AND_THEN].some((pattern) => pattern.test(failpoint));
