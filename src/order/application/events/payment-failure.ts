import { z } from 'zod';

/** What both fail events tell: which payment, who refused it, and why. */
export const paymentFailure = z.object({
  paymentId: z.int(),
  orderId: z.int(),
  userId: z.int(),
  /** The subscriber that refused, such as `user.deduct-balance`; `order.deadline` when somebody did not answer in time. */
  refusedBy: z.string(),
  code: z.string(),
  message: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
});

export type PaymentFailure = z.infer<typeof paymentFailure>;

/** What every compensating listener reports, whether or not there was anything to undo. */
export const compensationDone = z.object({
  paymentId: z.int(),
  orderId: z.int(),
  /** The compensating domain. */
  domain: z.string(),
  /** False when this domain had done nothing for the payment. */
  undone: z.boolean(),
});

export type CompensationDone = z.infer<typeof compensationDone>;
