import type { BoundSubscription } from './bound-subscription.js';
import type { EventBus } from './event-bus.js';
import type { Subscriber } from './event-log.js';
import type { ParkedCount } from './parked-events.js';

/** How far one subscriber is behind one source, in events; those that it gave up on are not counted. */
export interface Lag extends Subscriber {
  readonly events: number;
}

/** What carries the events of this process: the bus that domains see, and the delivery behind it. */
export abstract class Messaging {
  abstract readonly bus: EventBus;

  /**
   * @param found every listener in the code that is loaded. @param listens which of them belong to this process; unless given, all.
   * @throws CatalogueMismatch when the catalogue and the listeners differ.
   */
  abstract start(found: readonly BoundSubscription[], listens?: (subscriber: string) => boolean): Promise<void>;

  /** Ends delivery after the batches in hand; what is left is delivered at the next start. */
  abstract stop(): Promise<void>;

  abstract lag(): Promise<readonly Lag[]>;

  /** The events that each subscriber could not handle yet, or gave up on. */
  abstract parked(): Promise<readonly (Subscriber & ParkedCount)[]>;

  /** @throws Unavailable, when what carries the events is away. The databases are asked elsewhere. */
  abstract ping(): Promise<void>;
}
