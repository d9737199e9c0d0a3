import { type History, outcomeOf, recordsOf, tellOf } from './history.js';
import { type Model, type Step, checkLinearizable } from './linearizability.js';
import { balanceSteps } from './models/account.js';
import { counterModel } from './models/counter.js';
import { cartLineModel, cartLineSteps } from './models/cart.js';
import { admissionModel, admissionSteps, heldCouponModel, heldCouponSteps } from './models/coupon.js';
import { orderModel, orderSteps } from './models/order.js';
import { evidenceOf } from './payments.js';
import { availableSteps, stockSteps } from './models/option.js';

/** All that the shop may answer. Anything else is a violation by itself. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  charge: ['201'],
  adjust: ['201', '422 INSUFFICIENT_BALANCE'],
  receive: ['201'],
  place: ['201', '422 INSUFFICIENT_STOCK'],
  'place-from-cart': ['201', '422 INSUFFICIENT_STOCK', '422 EMPTY_CART'],
  pay: [
    '200',
    '202',
    '409 PAYMENT_IN_PROGRESS',
    '409 ALREADY_PAID',
    '409 PAYMENT_ABORTED',
    '422 ORDER_CANCELLED',
    '422 INSUFFICIENT_BALANCE',
    '422 INVALID_COUPON',
    '422 ALREADY_USED',
    '504 PAYMENT_TIMEOUT',
  ],
  cancel: ['200', '409 PAYMENT_IN_PROGRESS', '409 ALREADY_PAID', '422 ORDER_CANCELLED'],
  issue: ['201', '409 ALREADY_ISSUED', '422 COUPON_SOLD_OUT'],
  'add-to-cart': ['201', '422 INSUFFICIENT_STOCK'],
};
const EXPECTED_OF_READS = ['200', '204'];

export interface Report {
  /** A sentence per object whose history no sequential shop could have had. */
  readonly violations: readonly string[];
  /** A sentence per object whose history was too tangled for the bounded search. */
  readonly undecided: readonly string[];
  readonly objects: number;
  readonly steps: number;
}

/** Checks the history of every object. Linearizability is local: if every object's own history is right, so is all of it. */
export function checkHistory(recorded: History): Report {
  const history = evidenceOf(recorded);
  const violations = unexpectedAnswers(history);
  const undecided: string[] = [];
  let objects = 0;
  let stepsInAll = 0;
  const check = <State, Action>(name: string, model: Model<State, Action>, steps: readonly Step<Action>[]): void => {
    objects++;
    stepsInAll += steps.length;
    const verdict = checkLinearizable(model, steps);
    if (verdict.outcome === 'linearizable') return;
    const sentence = `${name} is ${verdict.outcome}: in none of the states {${verdict.states.join(' | ')}} fits ${verdict.step}`;
    (verdict.outcome === 'violated' ? violations : undecided).push(sentence);
  };

  const options = history.products.flatMap((product) => product.options);
  for (const userId of history.userIds) {
    check(`the balance of user ${userId}`, counterModel(history.initialBalance), balanceSteps(history, userId));
    for (const { id } of options) {
      check(`option ${id} in the cart of user ${userId}`, cartLineModel, cartLineSteps(history, userId, id));
    }
  }
  for (const { id, stock } of options) {
    check(`the stock of option ${id}`, counterModel(stock), stockSteps(history, id));
    check(`what is available of option ${id}`, counterModel(stock), availableSteps(history, id));
  }
  const coupons = new Map(recordsOf(history, 'issue', 'read-coupon').map(({ operation: { coupon } }) => [coupon.couponId, coupon]));
  for (const coupon of coupons.values()) {
    check(`coupon ${coupon.couponId}`, admissionModel(coupon.quantity), admissionSteps(history, coupon));
    for (const userId of history.userIds) {
      check(`coupon ${coupon.couponId} of user ${userId}`, heldCouponModel, heldCouponSteps(history, coupon, userId));
    }
  }
  for (const orderId of new Set(recordsOf(history, 'read-order', 'pay', 'cancel').map(({ operation }) => operation.order.orderId))) {
    check(`order ${orderId}`, orderModel, orderSteps(history, orderId));
  }
  return { violations, undecided, objects, steps: stepsInAll };
}

const unexpectedAnswers = ({ records }: History): string[] =>
  records
    .filter((record) => record.answer !== null && !(EXPECTED[record.operation.kind] ?? EXPECTED_OF_READS).includes(outcomeOf(record)))
    .map((record) => `an unexpected answer: ${tellOf(record)}`);
