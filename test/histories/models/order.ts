import { type Recorded, discountOf, outcomeOf, recordsOf, tellOf, wasDone } from '../history.js';
import type { Model, Step } from '../linearizability.js';
import { type Evidence, type Payment } from '../payments.js';

type Status = 'PENDING' | 'PAYMENT_PROCESSING' | 'PAID' | 'CANCELLED';

interface OrderState {
  readonly status: Status;
  /** Whoever is paying, or has paid. */
  readonly payment: number | null;
  readonly finalAmount: number | null;
  readonly couponId: number | null;
}

type Action =
  | { readonly does: 'begin' | 'roll-back'; readonly payment: number }
  | {
      readonly does: 'finish';
      readonly payment: number;
      readonly finalAmount: number;
      readonly couponId: number | null;
      readonly told: number | null;
    }
  | { readonly does: 'cancel' }
  | { readonly does: 'read'; readonly status: Status; readonly finalAmount: number | null; readonly couponId: number | null }
  | { readonly does: 'refuse'; readonly because: Status };

const PENDING: OrderState = { status: 'PENDING', payment: null, finalAmount: null, couponId: null };

/** One order, from its placing on: it moves as the table of transitions says, and whoever looks sees one of its states whole. */
export const orderModel: Model<OrderState, Action> = {
  initial: PENDING,
  key: ({ status, payment, finalAmount }) => `${status} ${payment ?? ''} ${finalAmount ?? ''}`,
  isLook: (action) => action.does === 'read' || action.does === 'refuse',
  apply(order, action) {
    switch (action.does) {
      case 'begin':
        return order.status === 'PENDING' ? { ...PENDING, status: 'PAYMENT_PROCESSING', payment: action.payment } : undefined;
      case 'roll-back':
        return isBeingPaidBy(order, action.payment) ? PENDING : undefined;
      case 'finish': {
        const { payment, finalAmount, couponId, told } = action;
        const isRight = told === null || told === finalAmount;
        return isRight && isBeingPaidBy(order, payment) ? { status: 'PAID', payment, finalAmount, couponId } : undefined;
      }
      case 'cancel':
        return order.status === 'PENDING' ? { ...PENDING, status: 'CANCELLED' } : undefined;
      case 'read':
        return order.status === action.status && order.finalAmount === action.finalAmount && order.couponId === action.couponId
          ? order
          : undefined;
      case 'refuse':
        return order.status === action.because ? order : undefined;
    }
  },
};

const isBeingPaidBy = ({ status, payment }: OrderState, by: number): boolean => status === 'PAYMENT_PROCESSING' && payment === by;

/** What a refusal says that the order is. */
const STATUS_OF_REFUSAL: Readonly<Record<string, Status>> = {
  '409 ALREADY_PAID': 'PAID',
  '422 ORDER_CANCELLED': 'CANCELLED',
  '409 PAYMENT_IN_PROGRESS': 'PAYMENT_PROCESSING',
};

export function orderSteps(history: Evidence, orderId: number): Step<Action>[] {
  const payments = history.payments.filter(({ operation }) => operation.order.orderId === orderId);
  return [
    ...recordsOf(history, 'read-order')
      .filter(({ operation, answer }) => operation.order.orderId === orderId && answer !== null)
      .map((record): Step<Action> => {
        const { status, finalAmount, couponId } = record.answer?.body ?? {};
        return step(record, { does: 'read', status, finalAmount, couponId });
      }),
    ...recordsOf(history, 'cancel')
      .filter(({ operation, answer }) => operation.order.orderId === orderId && answer !== null)
      .filter((record) => !wasDone(record))
      .map((record) => step(record, refusalOf(record))),
    ...history.cancellations
      .filter(({ operation }) => operation.order.orderId === orderId)
      .map((record): Step<Action> => step(record, { does: 'cancel' })),
    ...payments.flatMap((payment) => stepsOfPayment(payment, payments, history.settledAt)),
  ];
}

const refusalOf = (record: Recorded): Action => ({ does: 'refuse', because: STATUS_OF_REFUSAL[outcomeOf(record)] as Status });

function stepsOfPayment(payment: Payment, all: readonly Payment[], settledAt: number): Step<Action>[] {
  const { from, to, fate, answer, operation, code } = payment;
  if (fate === 'turned-away') {
    // The lock turns away, too: then another request to pay this order was under way.
    const isCrowded = code === 'PAYMENT_IN_PROGRESS' && all.some((other) => other.from !== from && other.from < to && from < other.to);
    return isCrowded ? [] : [step(payment, refusalOf(payment))];
  }
  const { order, coupon } = operation;
  const finish: Action = {
    does: 'finish',
    payment: from,
    finalAmount: order.totalAmount - discountOf(order.totalAmount, coupon),
    couponId: coupon?.couponId ?? null,
    told: answer?.body?.paidAmount ?? null,
  };
  const beginsBy = (otherwise: number): Step<Action> => ({
    ...step(payment, { does: 'begin', payment: from }),
    to: answer ? to : otherwise,
  });
  const then = (begin: Step<Action>, action: Action, by: number): Step<Action> => ({ ...step(payment, action), to: by, after: begin });
  const back: Action = { does: 'roll-back', payment: from };
  switch (fate) {
    case 'paid':
    case 'unseen': {
      const begin = beginsBy(settledAt);
      return [begin, then(begin, finish, fate === 'paid' ? to : settledAt)];
    }
    case 'refused':
    case 'vain': {
      const begin = beginsBy(Infinity);
      return [begin, then(begin, back, fate === 'refused' ? to : settledAt)];
    }
    case 'perhaps': {
      const begin = beginsBy(Infinity);
      return [begin, then(begin, finish, Infinity), then(begin, back, Infinity)];
    }
  }
}

const step = (record: Recorded, action: Action): Step<Action> => ({ action, from: record.from, to: record.to, says: tellOf(record) });
