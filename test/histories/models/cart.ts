import { type Line, type Recorded, outcomeOf, recordsOf, tellOf, wasDone } from '../history.js';
import type { Model, Step } from '../linearizability.js';
import type { Evidence } from '../payments.js';

type Action =
  | { readonly does: 'add'; readonly quantity: number; readonly leaves: number | null }
  | { readonly does: 'clear' }
  | { readonly does: 'take-out'; readonly quantity: number }
  | { readonly does: 'look'; readonly quantity: number };

/**
 * How much of one option is in one customer's cart. Whether an addition is refused for want of stock, the cart's copy of the product
 * decides, which may be old.
 */
export const cartLineModel: Model<number, Action> = {
  initial: 0,
  key: String,
  isLook: ({ does }) => does === 'look',
  apply(quantity, action) {
    switch (action.does) {
      case 'add': {
        const after = quantity + action.quantity;
        return action.leaves === null || action.leaves === after ? after : undefined;
      }
      case 'clear':
        return 0;
      case 'take-out':
        return Math.max(0, quantity - action.quantity);
      case 'look':
        return action.quantity === quantity ? quantity : undefined;
    }
  },
};

export function cartLineSteps(history: Evidence, userId: number, optionId: number): Step<Action>[] {
  const own = recordsOf(history, 'add-to-cart', 'clear-cart', 'read-cart', 'place-from-cart').filter(
    ({ operation }) => operation.userId === userId,
  );
  const payments = history.payments.filter(({ operation }) => operation.order.userId === userId);
  return [
    ...own.flatMap((record) => {
      const action = actionOn(optionId, record);
      return action ? [{ action, from: record.from, to: record.to, says: tellOf(record) }] : [];
    }),
    // What was paid for leaves the cart by a durable event: after the answer, but it does.
    ...payments.flatMap((payment): Step<Action>[] => {
      const quantity = quantityOf(optionId, payment.operation.order.items);
      if (quantity === 0 || !['paid', 'unseen', 'perhaps'].includes(payment.fate)) return [];
      const to = payment.fate === 'perhaps' ? Infinity : history.settledAt;
      return [{ action: { does: 'take-out', quantity }, from: payment.from, to, says: tellOf(payment) }];
    }),
  ];
}

function actionOn(optionId: number, record: Recorded): Action | null {
  const { operation, answer } = record;
  const look = (items: readonly Line[]): Action => ({ does: 'look', quantity: quantityOf(optionId, items) });
  switch (operation.kind) {
    case 'add-to-cart': {
      if (operation.line.productOptionId !== optionId) return null;
      if (answer !== null && !wasDone(record)) return { does: 'look', quantity: answer.body.inCart };
      return { does: 'add', quantity: operation.line.quantity, leaves: answer?.body.quantity ?? null };
    }
    case 'clear-cart':
      return { does: 'clear' };
    case 'read-cart':
      return answer && look(answer.body.items);
    case 'place-from-cart':
      if (outcomeOf(record) === '422 EMPTY_CART') return look([]);
      return answer && wasDone(record) ? look(answer.body.items) : null;
    default:
      return null;
  }
}

const quantityOf = (optionId: number, lines: readonly Line[]): number =>
  lines.find(({ productOptionId }) => productOptionId === optionId)?.quantity ?? 0;
