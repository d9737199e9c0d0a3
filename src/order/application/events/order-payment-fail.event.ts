import { DurableEvent } from '../../../messaging/event.js';
import { paymentFailure } from './payment-failure.js';

/** A payment was refused at the charge, or ran out of time: whoever did anything for it undoes that. */
export const OrderPaymentFail = new DurableEvent({
  type: 'order.payment.fail',
  version: 1,
  data: paymentFailure,
  id: ({ paymentId, refusedBy }) => `${paymentId}:${refusedBy}`,
  subject: ({ orderId }) => orderId,
});
