import { DurableEvent } from '../../../messaging/event.js';
import { compensationDone } from './payment-failure.js';

/** One domain has undone its part after `order.processing.fail`. */
export const OrderProcessingFailDone = new DurableEvent({
  type: 'order.processing.fail.done',
  version: 1,
  data: compensationDone,
  id: ({ paymentId, domain }) => `${paymentId}:${domain}`,
  subject: ({ orderId }) => orderId,
});
