import type { OrderId } from '../../kernel/ids.js';
import type { PaidOrderEvent, Period } from './data-platform.port.js';

/** A paid order, and whether the data platform has acknowledged it. */
export interface PaidOrderAck {
  readonly orderId: OrderId;
  readonly eventId: string;
  readonly paidAt: Date;
  readonly acknowledged: boolean;
}

/** The durable record of what each data platform (adapter) has acknowledged, beside the paid orders that it should have. */
export abstract class DataPlatformAcks {
  /** Those of the events that this adapter has not acknowledged. */
  abstract unacknowledged(adapter: string, events: readonly PaidOrderEvent[]): Promise<readonly PaidOrderEvent[]>;
  /** A repetition keeps the first time. */
  abstract record(adapter: string, events: readonly PaidOrderEvent[]): Promise<void>;

  /** The lowest and the highest id of the orders paid in a period; null when there is none. */
  abstract idsPaidIn(period: Period): Promise<{ readonly first: OrderId; readonly last: OrderId } | null>;
  /** Paid orders of a period by id, after `after` and up to `last`. */
  abstract paidIn(
    period: Period,
    page: { readonly adapter: string; readonly after: OrderId; readonly last: OrderId; readonly ordersMax: number },
  ): Promise<readonly PaidOrderAck[]>;
  /** The events of paid orders as they were published, made anew from the orders: the log does not keep them for ever. */
  abstract eventsOf(orderIds: readonly OrderId[]): Promise<readonly PaidOrderEvent[]>;
}
