import type { Transaction } from '../kernel/transaction.js';
import type { Effect } from './effect.js';
import type { EventCatalogue } from './event-catalogue.js';
import type { ShopEvent } from './event.js';
import type { Outcome, Subscription } from './listener.js';

/** A subscription with the object that carries its method. */
export interface BoundSubscription {
  readonly subscription: Subscription;
  readonly target: object;
}

/**
 * The listeners of this process, of all that were found in the code that is loaded.
 *
 * @throws CatalogueMismatch when they are not those that the catalogue lists for it.
 */
export function servedHere(
  catalogue: EventCatalogue,
  found: readonly BoundSubscription[],
  listens: (subscriber: string) => boolean = () => true,
): readonly BoundSubscription[] {
  const served = found.filter(({ subscription }) => listens(subscription.subscriber));
  catalogue.assertMatches(
    served.map(({ subscription }) => subscription),
    listens,
  );
  return served;
}

/** A listener of request events, ready to be called: a batch in one transaction of its own domain. */
export interface RequestListener {
  readonly type: string;
  readonly subscriber: string;
  readonly concerns: (event: ShopEvent) => boolean;
  readonly handle: (tx: Transaction, events: readonly ShopEvent[]) => Promise<readonly Outcome[]>;
}

/** What the work of answering is called, in failpoints. */
export const workOfRequest = ({ type, subscriber }: Pick<RequestListener, 'type' | 'subscriber'>): string => `${type} → ${subscriber}`;

type Method = (...parameters: readonly unknown[]) => Promise<unknown>;

/** What a consumer of durable events calls. */
export const effectOf = (bound: BoundSubscription): Effect => ({ mode: bound.subscription.mode, handle: methodOf(bound) });

export function requestListenerOf(bound: BoundSubscription): RequestListener {
  const { subscription } = bound;
  if (subscription.mode !== 'transaction') throw new Error(`${subscription.subscriber}: a request event needs a listener in a transaction`);
  const handle = methodOf(bound) as unknown as RequestListener['handle'];
  return { type: subscription.event.type, subscriber: subscription.subscriber, concerns: subscription.concerns, handle };
}

function methodOf({ subscription, target }: BoundSubscription): Method {
  const method = (target as Record<string | symbol, Method | undefined>)[subscription.method];
  if (!method) throw new Error(`${subscription.subscriber} has no method ${String(subscription.method)}`);
  return method.bind(target);
}
