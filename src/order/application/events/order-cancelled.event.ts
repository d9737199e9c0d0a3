import { z } from 'zod';
import { DurableEvent } from '../../../messaging/event.js';

/** The customer cancelled an unpaid order: its stock is free again. */
export const OrderCancelled = new DurableEvent({
  type: 'order.cancelled',
  version: 1,
  data: z.object({ orderId: z.int(), userId: z.int(), at: z.iso.datetime() }),
  id: ({ orderId }) => orderId,
  subject: ({ orderId }) => orderId,
});
