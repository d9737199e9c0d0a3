import { type Recorded, discountOf, recordsOf, tellOf, wasDone } from '../history.js';
import type { Step } from '../linearizability.js';
import { type Evidence, type Payment, sagaSteps } from '../payments.js';
import type { CounterAction } from './counter.js';

/** Refusals of a payment that may have been charged before it was given up. */
const UNDECIDED = new Set(['PAYMENT_TIMEOUT', 'PAYMENT_ABORTED']);

/** What happened to one customer's balance. */
export function balanceSteps(history: Evidence, userId: number): Step<CounterAction>[] {
  const byHand = recordsOf(history, 'charge', 'adjust').filter(({ operation }) => operation.userId === userId);
  const looks = recordsOf(history, 'read-balance').filter(({ operation, answer }) => operation.userId === userId && answer !== null);
  const payments = history.payments.filter(({ operation }) => operation.order.userId === userId);
  return [
    ...byHand.map((record) => {
      const isRefused = record.answer !== null && !wasDone(record);
      return step(record, isRefused ? refusal(record) : change(record.operation.amount, record.answer?.body.balance));
    }),
    ...looks.map((record) => step(record, { does: 'read', count: record.answer?.body.balance })),
    ...payments.flatMap((payment) => stepsOfPayment(payment, history.settledAt)),
  ];
}

function stepsOfPayment(payment: Payment, settledAt: number): Step<CounterAction>[] {
  const { order, coupon } = payment.operation;
  // The status of a payment tells the reason, and no amounts.
  if (payment.code === 'INSUFFICIENT_BALANCE') return payment.answer?.status === 202 ? [] : [step(payment, refusal(payment))];
  if (payment.fate === 'refused' && !UNDECIDED.has(payment.code)) return [];
  const amount = order.totalAmount - discountOf(order.totalAmount, coupon);
  return sagaSteps(payment, settledAt, change(-amount, payment.answer?.body.remainingBalance), change(amount, null));
}

const change = (by: number, leaves: number | null | undefined): CounterAction => ({ does: 'change', by, leaves: leaves ?? null });

const refusal = ({ answer }: Recorded): CounterAction => ({ does: 'refuse', wanted: answer?.body.required, count: answer?.body.balance });

const step = (record: Recorded, action: CounterAction): Step<CounterAction> => ({
  action,
  from: record.from,
  to: record.to,
  says: tellOf(record),
});
