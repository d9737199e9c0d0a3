import { DurableEvent } from '../../../messaging/event.js';
import { paymentFailure } from './payment-failure.js';

/** A payment was refused before money moved: whoever did anything for it undoes that. */
export const OrderProcessingFail = new DurableEvent({
  type: 'order.processing.fail',
  version: 1,
  data: paymentFailure,
  id: ({ paymentId, refusedBy }) => `${paymentId}:${refusedBy}`,
  subject: ({ orderId }) => orderId,
});
