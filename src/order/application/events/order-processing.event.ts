import { z } from 'zod';
import { RequestEvent } from '../../../messaging/event.js';

/** Asks for all that must succeed before money moves: product confirms the stock, coupon uses the coupon. */
export const OrderProcessing = new RequestEvent({
  type: 'order.processing',
  version: 1,
  data: z.object({
    paymentId: z.int(),
    orderId: z.int(),
    userId: z.int(),
    couponId: z.int().nullable(),
    totalAmount: z.int().nonnegative(),
  }),
  /** `discountAmount` comes from the coupon domain; absent without a coupon. */
  answer: z.object({ discountAmount: z.int().nonnegative().optional() }),
  id: ({ paymentId }) => paymentId,
  subject: ({ orderId }) => orderId,
});
