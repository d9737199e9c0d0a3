import type { Received } from '../../messaging/event.js';
import type { OrderProcessed } from './events/order-processed.event.js';

/** The external system that receives paid orders. It may be slow or away; no payment ever waits for it. */
export abstract class DataPlatform {
  /**
   * Hands over a batch; returns when all of it is safe there. May be called again with the same events, which carry
   * the same ids. @throws when it is not sure that all arrived, or when `signal` aborts.
   */
  abstract send(events: readonly Received<typeof OrderProcessed>[], signal: AbortSignal): Promise<void>;
}
