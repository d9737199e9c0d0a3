import type { Received } from '../../messaging/event.js';
import type { OrderProcessed } from './events/order-processed.event.js';

export type PaidOrderEvent = Received<typeof OrderProcessed>;

/** Orders paid from `from` on and before `to`. */
export interface Period {
  readonly from: Date;
  readonly to: Date;
}

/** What the data platform says of a batch. */
export interface HandOver {
  /** The ids of the events that are safe there. */
  readonly accepted: ReadonlySet<string>;
  /** Why others were not accepted, by event id, if it said so. */
  readonly reasons?: ReadonlyMap<string, string>;
}

/** The external system that receives paid orders. It may be slow or away; no payment ever waits for it. */
export abstract class DataPlatform {
  /** Under which its acknowledgements are kept: never rename it. */
  abstract readonly adapter: string;

  /**
   * Hands over a batch, and returns when what it accepted is safe there. May be called again with the same events, which
   * carry the same ids.
   *
   * @throws Unavailable when it is away or busy, whatever the events are; another fault when it refuses the batch as a
   * whole, or is not sure.
   */
  abstract send(events: readonly PaidOrderEvent[], signal: AbortSignal): Promise<HandOver>;

  /** The ids of events of orders paid in a period that can be seen to be there. Null: it cannot be looked into. */
  abstract present(period: Period): Promise<ReadonlySet<string> | null>;

  /** Lets go of what it is connected to, after what is being sent. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}
