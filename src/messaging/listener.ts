import type { Refusal } from '../kernel/result.js';
import type { Transaction } from '../kernel/transaction.js';
import type { AnyEvent, DurableEvent, RequestEvent, ShopEvent } from './event.js';

/** What a listener says of one event: done, with its part of the answer, or a business "no". A technical failure is thrown. */
export type Outcome<Answer = unknown> =
  | { readonly kind: 'done'; readonly answer: Answer }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export const done = <Answer>(answer: Answer): Outcome<Answer> => ({ kind: 'done', answer });
export const refused = (refusal: Refusal): Outcome<never> => ({ kind: 'refused', refusal });

type RequestHandler<Data, Answer> = (tx: Transaction, events: readonly ShopEvent<Data>[]) => Promise<Outcome<Partial<Answer>>[]>;
type DurableHandler<Data> = (tx: Transaction, events: readonly ShopEvent<Data>[]) => Promise<void>;
type OutsideHandler<Data> = (events: readonly ShopEvent<Data>[], signal: AbortSignal) => Promise<void>;

interface Common {
  /** `<domain>.<what it does>`, such as `product.confirm-stock`. Its cursor is kept under this name: never rename it. */
  readonly subscriber: string;
  readonly event: AnyEvent;
  readonly method: string | symbol;
}

/** A method of a provider that the bus calls; see {@link OnEvent} and {@link OnEventOutside}. */
export type Subscription =
  | (Common & { readonly mode: 'transaction'; readonly concerns: (event: ShopEvent) => boolean })
  | (Common & { readonly mode: 'outside' });

const SUBSCRIPTIONS = Symbol('subscriptions');

/**
 * Handles a batch of events in one transaction of the listener's own domain. A request listener returns one
 * {@link Outcome} per event, in order; a durable one returns nothing: whatever it threw is tried again.
 * A request event that does not concern the listener (`concerns`) is not handed to it, and counts as done.
 */
export function OnEvent<Data, Answer>(
  event: RequestEvent<Data, Answer>,
  subscriber: string,
  options?: { concerns(event: ShopEvent<Data>): boolean },
): <Method extends RequestHandler<Data, Answer>>(
  target: object,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;
export function OnEvent<Data>(
  event: DurableEvent<Data>,
  subscriber: string,
): <Method extends DurableHandler<Data>>(target: object, method: string | symbol, descriptor: TypedPropertyDescriptor<Method>) => void;
export function OnEvent(event: AnyEvent, subscriber: string, options?: { concerns(event: ShopEvent): boolean }) {
  return (target: object, method: string | symbol): void =>
    subscribe(target, { mode: 'transaction', subscriber, event, method, concerns: (each) => options?.concerns(each) ?? true });
}

/**
 * Handles a batch of durable events outside any transaction, for effects on other systems: at least once, so the
 * effect must be idempotent by event id. It may take until `signal` aborts; no connection is held meanwhile.
 */
export function OnEventOutside<Data>(event: DurableEvent<Data>, subscriber: string) {
  return <Method extends OutsideHandler<Data>>(target: object, method: string | symbol, _: TypedPropertyDescriptor<Method>): void =>
    subscribe(target, { mode: 'outside', subscriber, event: event as DurableEvent, method });
}

function subscribe(target: object, subscription: Subscription): void {
  const existing = subscriptionsOf(target);
  Object.defineProperty(target, SUBSCRIPTIONS, { value: [...existing, subscription], configurable: true });
}

/** The subscriptions that a provider's prototype declares. */
export function subscriptionsOf(target: object): readonly Subscription[] {
  return (target as { [SUBSCRIPTIONS]?: Subscription[] })[SUBSCRIPTIONS] ?? [];
}

/** The domain of a subscriber: the part of its name before the first dot. */
export const domainOf = (subscriber: string): string => subscriber.slice(0, subscriber.indexOf('.'));
