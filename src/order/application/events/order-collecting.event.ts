import { z } from 'zod';
import { RequestEvent } from '../../../messaging/event.js';

/** Asks what the customer has gathered to buy; the cart answers with its lines. Asked for an order "from cart". */
export const OrderCollecting = new RequestEvent({
  type: 'order.collecting',
  version: 1,
  data: z.object({ orderId: z.int(), userId: z.int() }),
  answer: z.object({ items: z.array(z.object({ productOptionId: z.int(), quantity: z.int().positive() })) }),
  id: ({ orderId }) => orderId,
  subject: ({ orderId }) => orderId,
});
