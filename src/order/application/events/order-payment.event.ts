import { z } from 'zod';
import { RequestEvent } from '../../../messaging/event.js';

/** Asks for the final amount, discount deducted: the user domain charges the balance. */
export const OrderPayment = new RequestEvent({
  type: 'order.payment',
  version: 1,
  data: z.object({ paymentId: z.int(), orderId: z.int(), userId: z.int(), amount: z.int().nonnegative() }),
  answer: z.object({ remainingBalance: z.int().nonnegative() }),
  id: ({ paymentId }) => paymentId,
  subject: ({ orderId }) => orderId,
});
