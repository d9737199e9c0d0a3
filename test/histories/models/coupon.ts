import { type CouponTerms, type Recorded, outcomeOf, recordsOf, tellOf, wasDone } from '../history.js';
import type { Model, Step } from '../linearizability.js';
import { type Evidence, sagaSteps } from '../payments.js';

type Admission =
  | { readonly does: 'admit'; readonly userId: number; readonly as: { admission: number; remainingQuantity: number } | null }
  | { readonly does: 'refuse'; readonly userId: number; readonly held: number | null }
  | { readonly does: 'count'; readonly issued: number; readonly remainingQuantity: number }
  | { readonly does: 'list'; readonly userId: number; readonly admission: number | null };

/** The customers who got a coupon, first come first served: the n-th is the n-th of the list. */
export const admissionModel = (quantity: number): Model<readonly number[], Admission> => ({
  initial: [],
  key: (admitted) => admitted.join(),
  isLook: (action) => action.does !== 'admit',
  apply(admitted, action) {
    const isHeldAs = (userId: number): number | null => (admitted.includes(userId) ? admitted.indexOf(userId) + 1 : null);
    switch (action.does) {
      case 'admit': {
        if (admitted.length >= quantity || admitted.includes(action.userId)) return undefined;
        const admission = admitted.length + 1;
        const seen = action.as ?? { admission, remainingQuantity: quantity - admission };
        return seen.admission === admission && seen.remainingQuantity === quantity - admission ? [...admitted, action.userId] : undefined;
      }
      case 'refuse':
        if (action.held !== null) return isHeldAs(action.userId) === action.held ? admitted : undefined;
        return admitted.length >= quantity && !admitted.includes(action.userId) ? admitted : undefined;
      case 'count':
        return action.issued === admitted.length && action.remainingQuantity === quantity - admitted.length ? admitted : undefined;
      case 'list':
        return isHeldAs(action.userId) === action.admission ? admitted : undefined;
    }
  },
});

export function admissionSteps(history: Evidence, { couponId }: CouponTerms): Step<Admission>[] {
  return [
    ...recordsOf(history, 'issue')
      .filter(({ operation }) => operation.coupon.couponId === couponId)
      .map((record) => step<Admission>(record, admissionOf(record.operation.userId, record))),
    ...recordsOf(history, 'read-coupon')
      .filter(({ operation, answer }) => operation.coupon.couponId === couponId && answer !== null)
      .map((record) => {
        const { issued, remainingQuantity } = record.answer?.body ?? {};
        return step<Admission>(record, { does: 'count', issued, remainingQuantity });
      }),
    ...recordsOf(history, 'read-coupons')
      .filter(({ answer }) => answer !== null)
      .map((record) =>
        step<Admission>(record, { does: 'list', userId: record.operation.userId, admission: listed(record, couponId)?.admission ?? null }),
      ),
  ];
}

function admissionOf(userId: number, record: Recorded): Admission {
  switch (outcomeOf(record)) {
    case '409 ALREADY_ISSUED':
      return { does: 'refuse', userId, held: record.answer?.body.admission };
    case '422 COUPON_SOLD_OUT':
      return { does: 'refuse', userId, held: null };
    default:
      return {
        does: 'admit',
        userId,
        as: record.answer && { admission: record.answer.body.admission, remainingQuantity: record.answer.body.remainingQuantity },
      };
  }
}

/** The order that it is used for, 0 while it is available, null before the customer has it. */
type Held = { readonly usedFor: number } | null;
type Use =
  | { readonly does: 'get' }
  | { readonly does: 'use' | 'cancel-use'; readonly orderId: number }
  | { readonly does: 'read'; readonly usedFor: number | null }
  | { readonly does: 'refuse'; readonly because: 'not-held' | 'used' };

/** One coupon in one customer's hands. */
export const heldCouponModel: Model<Held, Use> = {
  initial: null,
  key: (held) => (held ? String(held.usedFor) : 'not held'),
  isLook: (action) => action.does === 'read' || action.does === 'refuse',
  apply(held, action) {
    switch (action.does) {
      case 'get':
        return held === null ? { usedFor: 0 } : undefined;
      case 'use':
        return held?.usedFor === 0 ? { usedFor: action.orderId } : undefined;
      case 'cancel-use':
        return held?.usedFor === action.orderId ? { usedFor: 0 } : undefined;
      case 'read':
        return (held?.usedFor ?? null) === action.usedFor ? held : undefined;
      case 'refuse':
        return (action.because === 'not-held' ? held === null : (held?.usedFor ?? 0) > 0) ? held : undefined;
    }
  },
};

export function heldCouponSteps(history: Evidence, { couponId }: CouponTerms, userId: number): Step<Use>[] {
  return [
    ...recordsOf(history, 'issue')
      .filter((record) => record.operation.coupon.couponId === couponId && record.operation.userId === userId)
      .filter((record) => record.answer === null || wasDone(record))
      .map((record) => step<Use>(record, { does: 'get' })),
    ...recordsOf(history, 'read-coupons')
      .filter(({ operation, answer }) => operation.userId === userId && answer !== null)
      .map((record) => step<Use>(record, { does: 'read', usedFor: usedFor(listed(record, couponId)) })),
    ...history.payments
      .filter(({ operation }) => operation.coupon?.couponId === couponId && operation.order.userId === userId)
      .flatMap((payment): Step<Use>[] => {
        if (payment.code === 'INVALID_COUPON') return [step(payment, { does: 'refuse', because: 'not-held' })];
        if (payment.code === 'ALREADY_USED') return [step(payment, { does: 'refuse', because: 'used' })];
        const { orderId } = payment.operation.order;
        return sagaSteps<Use>(payment, history.settledAt, { does: 'use', orderId }, { does: 'cancel-use', orderId });
      }),
  ];
}

const usedFor = (coupon: { orderId: number | null } | undefined): number | null => (coupon ? (coupon.orderId ?? 0) : null);

const listed = ({ answer }: Recorded, couponId: number): { admission: number; orderId: number | null } | undefined =>
  answer?.body.items.find((item: { couponId: number }) => item.couponId === couponId);

const step = <Action>(record: Recorded, action: Action): Step<Action> => ({
  action,
  from: record.from,
  to: record.to,
  says: tellOf(record),
});
