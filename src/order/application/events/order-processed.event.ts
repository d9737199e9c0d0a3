import { z } from 'zod';
import { DurableEvent } from '../../../messaging/event.js';

/** An order is paid. Written in the transaction that made it PAID. */
export const OrderProcessed = new DurableEvent({
  type: 'order.processed',
  version: 1,
  data: z.object({
    orderId: z.int(),
    paymentId: z.int(),
    userId: z.int(),
    items: z.array(
      z.object({
        productOptionId: z.int(),
        productId: z.int(),
        name: z.string(),
        price: z.int().nonnegative(),
        quantity: z.int().positive(),
        subtotal: z.int().nonnegative(),
      }),
    ),
    totalAmount: z.int().nonnegative(),
    discountAmount: z.int().nonnegative(),
    finalAmount: z.int().nonnegative(),
    currency: z.string(),
    couponId: z.int().nullable(),
    paidAt: z.iso.datetime(),
  }),
  id: ({ orderId }) => orderId,
  subject: ({ orderId }) => orderId,
});
