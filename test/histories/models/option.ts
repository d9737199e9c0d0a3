import { type Line, type Recorded, outcomeOf, recordsOf, tellOf, wasDone } from '../history.js';
import type { Step } from '../linearizability.js';
import { type Evidence, sagaSteps } from '../payments.js';
import type { CounterAction } from './counter.js';

/** What happened to the stock of one option: received, sold, and a sale taken back when its payment was refused. */
export function stockSteps(history: Evidence, optionId: number): Step<CounterAction>[] {
  return [
    ...receiptsAndLooks(history, optionId, 'stock'),
    ...history.payments.flatMap((payment) => {
      const quantity = quantityOf(optionId, payment.operation.order.items);
      return quantity > 0 ? sagaSteps(payment, history.settledAt, change(-quantity), change(quantity)) : [];
    }),
  ];
}

/** What happened to the part of it that nobody has set aside: received, held by an order, released when that is cancelled. */
export function availableSteps(history: Evidence, optionId: number): Step<CounterAction>[] {
  return [
    ...receiptsAndLooks(history, optionId, 'available'),
    ...recordsOf(history, 'place', 'place-from-cart').flatMap((record) => {
      if (outcomeOf(record) === '422 INSUFFICIENT_STOCK') {
        const { productOptionId, requested, available } = record.answer?.body ?? {};
        return productOptionId === optionId ? [step(record, { does: 'refuse', wanted: requested, count: available })] : [];
      }
      const quantity = quantityOf(optionId, linesHeld(record));
      return quantity > 0 ? [step(record, change(-quantity))] : [];
    }),
    // The release is a durable event's: it happens after the answer, but it happens.
    ...history.cancellations.flatMap((record) => {
      const quantity = quantityOf(optionId, record.operation.order.items);
      return quantity > 0 ? [{ ...step(record, change(quantity)), to: record.answer ? history.settledAt : Infinity }] : [];
    }),
  ];
}

function receiptsAndLooks(history: Evidence, optionId: number, of: 'stock' | 'available'): Step<CounterAction>[] {
  const receipts = recordsOf(history, 'receive').filter(({ operation }) => operation.line.productOptionId === optionId);
  return [
    ...receipts.map((record) => step(record, change(record.operation.line.quantity, record.answer?.body[of]))),
    ...recordsOf(history, 'read-product').flatMap((record) => {
      const options: (Line & { readonly stock: number; readonly available: number })[] = record.answer?.body.options ?? [];
      const found = options.find(({ productOptionId }) => productOptionId === optionId);
      return found ? [step(record, { does: 'read', count: found[of] })] : [];
    }),
  ];
}

/** When nobody knows whether it was placed: what it may hold. */
function linesHeld(record: Recorded): readonly Line[] {
  if (wasDone(record)) return record.answer?.body.items;
  return record.answer === null && record.operation.kind === 'place' ? record.operation.lines : [];
}

const quantityOf = (optionId: number, lines: readonly Line[]): number =>
  lines.find(({ productOptionId }) => productOptionId === optionId)?.quantity ?? 0;

const change = (by: number, leaves: number | null = null): CounterAction => ({ does: 'change', by, leaves });

const step = (record: Recorded, action: CounterAction): Step<CounterAction> => ({
  action,
  from: record.from,
  to: record.to,
  says: tellOf(record),
});
