import { domainOf } from '../../../src/messaging/listener.js';
import { COMPENSATION_FAILURES_TO_ALERT } from '../../../src/messaging/parked-retries.js';
import { TRANSITIONS } from '../../../src/order/domain/order.js';
import type { PaymentState } from '../../../src/order/domain/payment-attempt.js';
import type { HoldState } from '../../../src/product/domain/stock.js';
import type { ParkedRow } from '../store/memory-database.js';
import type { AttemptRow, HoldRow, OrderRow } from '../store/shop-tables.js';
import type { World } from '../world.js';

/** Where a payment may go; it may be saved as it is. */
const PAYMENT_TRANSITIONS: Readonly<Record<PaymentState, readonly PaymentState[]>> = {
  RUNNING: ['PAID', 'ROLLING_BACK', 'REFUSED'],
  ROLLING_BACK: ['REFUSED'],
  REFUSED: [],
  PAID: [],
};

const HOLD_TRANSITIONS: Readonly<Record<HoldState, readonly HoldState[]>> = {
  HELD: ['CONFIRMED', 'RELEASED'],
  CONFIRMED: ['HELD'],
  RETURNED: [],
  RELEASED: [],
};

/** Looks at every committed change of a row: whatever the end is like, nothing may get there by a forbidden way. */
export function watchTransitions(world: World): World['database']['watch'] {
  const expect = (holds: boolean, sentence: string): void => void (holds || world.violations.push(sentence));
  const goes = <State extends string>(what: string, transitions: Readonly<Record<State, readonly State[]>>, from: State, to: State): void =>
    expect(from === to || transitions[from].includes(to), `3: ${what} went from ${from} to ${to}`);

  return (table, before, after, nowMs) => {
    if (!before || !after) return;
    switch (table) {
      case 'orders': {
        const [from, to] = [before as OrderRow, after as OrderRow];
        goes(`order ${to.orderId}`, TRANSITIONS, from.status, to.status);
        return;
      }
      case 'payment_attempt': {
        const [from, to] = [before as AttemptRow, after as AttemptRow];
        goes(`payment ${to.paymentId}`, PAYMENT_TRANSITIONS, from.state, to.state);
        const renewed = to.leaseUntilMs > from.leaseUntilMs && from.leaseUntilMs > world.database.nowMs;
        expect(
          !renewed,
          `7: payment ${to.paymentId} was taken over ${Math.round(from.leaseUntilMs - world.database.nowMs)} ms before its lease ran out`,
        );
        return;
      }
      case 'event_parked': {
        const [from, to] = [before as ParkedRow, after as ParkedRow];
        const stuck = to.neverGivesUp && to.attempts === COMPENSATION_FAILURES_TO_ALERT;
        const domain = domainOf(to.of.subscriber);
        if (to.attempts > from.attempts && (stuck || to.state === 'DEAD')) {
          world.alertsDue.push(`alert.raised:${domain}-${to.parkedId}:${to.failuresTotal} of ${domain}`);
        }
        return;
      }
      case 'stock_hold': {
        const [from, to] = [before as HoldRow, after as HoldRow];
        goes(`the hold of order ${to.orderId} on option ${to.optionId}`, HOLD_TRANSITIONS, from.state, to.state);
        const late = from.state === 'HELD' && to.state === 'CONFIRMED' && from.expiresAtMs <= nowMs;
        expect(!late, `3: the hold of order ${to.orderId} on option ${to.optionId} was confirmed after its expiry`);
        return;
      }
    }
  };
}
