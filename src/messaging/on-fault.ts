import type { ShopEvent } from './event.js';

/** `event` is missing when nothing can be delivered at all; `retryInMs` is null when the event is given up on. */
export type OnFault = (
  fault: unknown,
  where: { readonly subscriber: string; readonly event?: ShopEvent; readonly failures: number; readonly retryInMs: number | null },
) => void;
