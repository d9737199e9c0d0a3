import { z } from 'zod';
import { RequestEvent } from '../../../messaging/event.js';

/** Asks for stock to be held for a new order; the product domain answers names, prices and how long it holds. */
export const OrderPlacing = new RequestEvent({
  type: 'order.placing',
  version: 1,
  data: z.object({
    orderId: z.int(),
    userId: z.int(),
    /** One line per option: the publisher has merged repeated ones. */
    items: z.array(z.object({ productOptionId: z.int(), quantity: z.int().positive() })),
  }),
  answer: z.object({
    /** What is held: for a repetition what was held the first time. */
    items: z.array(
      z.object({
        productOptionId: z.int(),
        productId: z.int(),
        name: z.string(),
        price: z.int().nonnegative(),
        quantity: z.int().positive(),
      }),
    ),
    expiresAt: z.iso.datetime(),
  }),
  id: ({ orderId }) => orderId,
  subject: ({ orderId }) => orderId,
});
