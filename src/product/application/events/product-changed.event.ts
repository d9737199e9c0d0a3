import { z } from 'zod';
import { DurableEvent } from '../../../messaging/event.js';

/** A product as it stands after a change of its facts or of its availability; a higher revision replaces a lower one. */
export const ProductChanged = new DurableEvent({
  type: 'product.changed',
  version: 1,
  data: z.object({
    productId: z.int(),
    revision: z.int().positive(),
    name: z.string(),
    price: z.int().nonnegative(),
    onSale: z.boolean(),
    options: z.array(z.object({ productOptionId: z.int(), name: z.string(), available: z.int().nonnegative() })),
  }),
  id: ({ productId, revision }) => `${productId}:${revision}`,
  subject: ({ productId }) => productId,
});
