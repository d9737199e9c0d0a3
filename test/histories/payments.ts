import { type History, type Operation, type Recorded, recordsOf, tellOf, wasDone } from './history.js';
import type { Step } from './linearizability.js';

type Pay = Extract<Operation, { readonly kind: 'pay' }>;
type Cancel = Operation & { readonly kind: 'cancel' };

/**
 * What became of a request to pay. `unseen`: it must have paid, for the order is paid and nobody else can have done it. `perhaps`: one of
 * several that can have done it. `vain`: its outcome is not known, but it has not paid; whatever it did was undone, sooner or later.
 */
export type Fate = 'paid' | 'refused' | 'turned-away' | 'unseen' | 'perhaps' | 'vain';

export interface Payment extends Recorded<Pay> {
  readonly fate: Fate;
  readonly code: string;
}

/** Refusals before anything was done: no attempt at paying was begun. */
const TURNED_AWAY = new Set(['ALREADY_PAID', 'ORDER_CANCELLED', 'PAYMENT_IN_PROGRESS', 'ORDER_EXPIRED', 'ORDER_NOT_FOUND']);

/** A history with what can be concluded from it. */
export interface Evidence extends History {
  readonly payments: readonly Payment[];
  /** Those who were told that they have cancelled, and those who may have: nobody told them, and the order is cancelled. */
  readonly cancellations: readonly Recorded<Cancel>[];
}

/** Where the client does not know whether it has paid, what the orders are at the end tells. */
export function evidenceOf(history: History): Evidence {
  const statusAtEnd = new Map(
    recordsOf(history, 'read-order').flatMap(({ from, operation: { order }, answer }) =>
      from > history.settledAt && answer ? [[order.orderId, answer.body.status as string]] : [],
    ),
  );
  const cancellations = recordsOf(history, 'cancel').filter(
    (record) => wasDone(record) || (record.answer === null && statusAtEnd.get(record.operation.order.orderId) === 'CANCELLED'),
  );
  const byOrder = Map.groupBy(recordsOf(history, 'pay'), ({ operation }) => operation.order.orderId);
  const payments = [...byOrder].flatMap(([orderId, requests]) => {
    const known = requests.map((request) => fateOf(request));
    const isPaidUnseen = statusAtEnd.get(orderId) === 'PAID' && !known.includes('paid');
    const fateOfOthers = !isPaidUnseen ? 'vain' : known.filter((fate) => fate === null).length === 1 ? 'unseen' : 'perhaps';
    return requests.map((request, index) => ({ ...request, code: request.answer?.body?.code ?? '', fate: known[index] ?? fateOfOthers }));
  });
  return { ...history, payments, cancellations };
}

/** As far as the client knows: null when it was not told. */
function fateOf({ answer }: Recorded): Fate | null {
  if (answer === null) return null;
  if (answer.status === 202) return answer.body.outcome === 'PAID' ? 'paid' : answer.body.outcome === 'REFUSED' ? 'refused' : null;
  if (answer.status === 200) return 'paid';
  return TURNED_AWAY.has(answer.body.code) ? 'turned-away' : 'refused';
}

/**
 * What a payment did to an object of another domain. The saga is not atomic, so others may see what a refused payment did before it was undone;
 * but before its refusal is answered, all is undone (P3 of the use case).
 */
export function sagaSteps<Action>(payment: Payment, settledAt: number, forward: Action, back: Action): Step<Action>[] {
  const { from, to, fate } = payment;
  const says = tellOf(payment);
  const doneAndUndone = (doneBy: number, undoneBy: number): Step<Action>[] => {
    const done = { action: forward, from, to: doneBy, says };
    return [done, { action: back, from, to: undoneBy, after: done, says }];
  };
  switch (fate) {
    case 'paid':
      return [{ action: forward, from, to, says }];
    case 'unseen':
      return [{ action: forward, from, to: settledAt, says }];
    case 'turned-away':
      return [];
    case 'refused':
      return doneAndUndone(to, to);
    case 'vain':
      return doneAndUndone(Infinity, settledAt);
    case 'perhaps':
      return doneAndUndone(Infinity, Infinity);
  }
}
