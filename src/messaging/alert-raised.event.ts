import { z } from 'zod';
import { DurableEvent } from './event.js';

/**
 * Something that people should look at. `dead-letter`: given up on, an operator decides. `stuck-compensation`: tried on for
 * ever, but it does not get through.
 */
const kind = z.enum(['dead-letter', 'stuck-compensation']);
export type AlertKind = z.infer<typeof kind>;

/** Written by messaging, on behalf of the domain whose listener failed, in the transaction that notes the failure. */
export const AlertRaised = new DurableEvent({
  type: 'alert.raised',
  version: 1,
  data: z.object({
    kind,
    /** Where operators find the event with all its failures: `product-17`. */
    deadLetterId: z.string(),
    subscriber: z.string(),
    event: z.object({ id: z.string(), type: z.string(), source: z.string(), subject: z.string() }),
    /** Since it was parked, or since an operator's retry. */
    failures: z.int().positive(),
    failuresTotal: z.int().positive(),
    error: z.object({ name: z.string(), message: z.string() }),
  }),
  // After an operator's retry the same event may fail as often again: another alert.
  id: ({ deadLetterId, failuresTotal }) => `${deadLetterId}:${failuresTotal}`,
  subject: ({ event }) => Number(event.subject),
});
