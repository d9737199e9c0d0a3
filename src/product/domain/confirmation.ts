import type { OrderId, PaymentId } from '../../kernel/ids.js';
import { type Refusal, type Result, ok, refuse } from '../../kernel/result.js';
import type { Hold, StockLine } from './stock.js';

/** A payment that turns the holds of its order into a sale. */
export interface ConfirmationRequest {
  readonly paymentId: PaymentId;
  readonly orderId: OrderId;
}

/** Exactly what a payment confirmed, and so exactly what its failure takes back. */
export interface Confirmation extends ConfirmationRequest {
  readonly lines: readonly StockLine[];
}

export type ConfirmationDecision = Result<Confirmation, Refusal<'HOLD_EXPIRED'>>;

/**
 * Decides on a batch of payments, one after the other: an order whose holds are all live is confirmed whole, any other is
 * refused. Of two payments of one order the first gets the holds.
 */
export function decideConfirmations(holds: readonly Hold[], requests: readonly ConfirmationRequest[]): ConfirmationDecision[] {
  const unclaimed = Map.groupBy(holds, ({ orderId }) => orderId);
  return requests.map(({ paymentId, orderId }) => {
    const ofOrder = unclaimed.get(orderId) ?? [];
    if (ofOrder.length === 0 || !ofOrder.every(isLive)) return refuse('HOLD_EXPIRED', 'the stock of this order is no longer held for it');
    unclaimed.delete(orderId);
    return ok({ paymentId, orderId, lines: ofOrder.map(({ productOptionId, quantity }) => ({ productOptionId, quantity })) });
  });
}

const isLive = ({ state, expired }: Hold): boolean => state === 'HELD' && !expired;
