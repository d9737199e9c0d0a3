import { z } from 'zod';
import { DurableEvent } from '../../../messaging/event.js';

/** An order was not paid in time: its stock is free again. */
export const OrderExpired = new DurableEvent({
  type: 'order.expired',
  version: 1,
  data: z.object({ orderId: z.int(), userId: z.int(), at: z.iso.datetime() }),
  id: ({ orderId }) => orderId,
  subject: ({ orderId }) => orderId,
});
