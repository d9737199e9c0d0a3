import type { Refusal } from '../kernel/result.js';
import type { Transaction } from '../kernel/transaction.js';
import type { DurableEvent, RequestEvent, Unsent } from './event.js';

/** How one listener took part, for the record of a payment. Times in ISO 8601. */
export interface Step {
  readonly event: string;
  readonly listener: string;
  readonly outcome: 'DONE' | 'REFUSED';
  readonly code?: string;
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** The outcome of a request event: every listener's answer merged, or the refusals, in the order of the catalogue. */
export type Reply<Answer> =
  | { readonly ok: true; readonly answer: Answer; readonly steps: readonly Step[] }
  | { readonly ok: false; readonly refusals: readonly [Refusal, ...Refusal[]]; readonly steps: readonly Step[] };

/**
 * How domains talk. Which adapter carries the events is configuration; no domain knows.
 */
export abstract class EventBus {
  /**
   * Publishes a request event and waits for every listener. All of them run to their end, each in a transaction of
   * its own domain, whatever the others say. Must not be called with a transaction open.
   * @throws the first fault, when a listener failed technically: then nobody knows what was done, and the same
   * event may be sent again, because listeners answer a repeated event as they answered it the first time.
   */
  abstract emitAsync<Data, Answer>(event: Unsent<RequestEvent<Data, Answer>>): Promise<Reply<Answer>>;

  /** Writes durable events into the log of the transaction's domain: they exist exactly if the transaction commits. */
  abstract emit(tx: Transaction, ...events: readonly Unsent<DurableEvent>[]): Promise<void>;
}
