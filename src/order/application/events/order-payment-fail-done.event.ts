import { DurableEvent } from '../../../messaging/event.js';
import { compensationDone } from './payment-failure.js';

/** One domain has undone its part after `order.payment.fail`. */
export const OrderPaymentFailDone = new DurableEvent({
  type: 'order.payment.fail.done',
  version: 1,
  data: compensationDone,
  id: ({ paymentId, domain }) => `${paymentId}:${domain}`,
  subject: ({ orderId }) => orderId,
});
