import type { Result } from '../kernel/result.js';
import type { ShopEvent } from './event.js';
import { domainOf } from './listener.js';

/** A parked event as operators see it. Times in ISO 8601 with microseconds. */
export interface DeadLetter {
  /** `product-17`: the subscriber's domain and a number of its own. */
  readonly id: string;
  /** `DEAD`: given up, an operator decides. `WAITING`: tried again by itself, or behind an earlier event of its key. */
  readonly state: 'WAITING' | 'DEAD';
  readonly subscriber: string;
  readonly topic: string;
  readonly source: string;
  readonly eventId: string;
  readonly subject: string;
  /** A compensation: tried again for ever. */
  readonly neverGivesUp: boolean;
  /** Failures since it was parked, or since an operator's last retry. */
  readonly attempts: number;
  readonly failuresTotal: number;
  /** Null when it is dead, or waits behind an earlier event. */
  readonly nextAttemptAt: string | null;
  readonly parkedAt: string;
  /** Null when it has never been tried: it was parked behind another. */
  readonly lastFailure: FailureRecord | null;
}

export interface FailureRecord {
  readonly at: string;
  readonly name: string;
  readonly message: string;
}

export interface DeadLetterDetail extends DeadLetter {
  readonly event: ShopEvent;
  /** The latest 50, oldest first. */
  readonly failures: readonly FailureRecord[];
}

/** An entry of the record of what operators did, which nobody can change. */
export interface DeadLetterAction {
  readonly actionId: string;
  readonly at: string;
  readonly actor: string;
  readonly action: 'RETRY' | 'DISCARD' | 'RESOLVE';
  readonly reason: string | null;
  readonly deadLetterId: string;
  readonly subscriber: string;
  readonly eventId: string;
  readonly failuresTotal: number;
}

/** The place of a row in a list over all domains, newest first: its time, its domain, its number. */
export type ListPlace = readonly [at: string, domain: string, number: number];

export interface DeadLetterFilter {
  readonly state?: DeadLetter['state'] | undefined;
  readonly subscriber?: string | undefined;
  readonly topic?: string | undefined;
}

export interface DeadLetterQuery extends DeadLetterFilter {
  /** Only those after this place. */
  readonly after?: ListPlace | undefined;
  readonly limit: number;
}

const ID = /^([a-z][a-z0-9_]*)-([1-9]\d{0,14})$/;

export const deadLetterId = (domain: string, number: number): string => `${domain}-${number}`;

/** @returns null when the text is no id. */
export function partsOf(id: string): { readonly domain: string; readonly number: number } | null {
  const [, domain, number] = ID.exec(id) ?? [];
  return domain === undefined ? null : { domain, number: Number(number) };
}

export const placeOf = ({ id, parkedAt, subscriber }: DeadLetter): ListPlace => [parkedAt, domainOf(subscriber), partsOf(id)?.number ?? 0];

export const placeOfAction = ({ actionId, at, subscriber }: DeadLetterAction): ListPlace => [
  at,
  domainOf(subscriber),
  partsOf(actionId)?.number ?? 0,
];

/**
 * What operators see of parked events, over all domains, and what they can do.
 *
 * A1: every action is recorded in its own transaction, with who and why; the record is append-only.
 * A2: a retry keeps the event and its id and makes it due; retried twice it has one effect (K3).
 * A3: what is discarded or resolved leaves its key free: the later events go on.
 *
 * Refusals: `DEAD_LETTER_NOT_FOUND` (never there, handled, or discarded), `BEING_TRIED` (right now),
 * `WAITS_BEHIND_ANOTHER`, `NOT_A_DEAD_LETTER`, `NOT_A_STUCK_COMPENSATION`.
 */
export abstract class DeadLetters {
  /** Newest first. */
  abstract list(query: DeadLetterQuery): Promise<readonly DeadLetter[]>;

  abstract find(id: string): Promise<DeadLetterDetail | null>;

  /** Makes it due now. A dead letter has all its attempts again. */
  abstract retry(id: string, by: { readonly actor: string }): Promise<Result<DeadLetterAction>>;

  /** Retries every dead letter, or those of a subscriber or topic. @returns how many. */
  abstract retryAll(filter: Omit<DeadLetterFilter, 'state'>, by: { readonly actor: string }): Promise<number>;

  /** Drops a dead letter. */
  abstract discard(id: string, by: { readonly actor: string; readonly reason: string }): Promise<Result<DeadLetterAction>>;

  /** Drops a compensation that has failed, because somebody has done by hand what it should do. */
  abstract resolve(id: string, by: { readonly actor: string; readonly reason: string }): Promise<Result<DeadLetterAction>>;

  /** Newest first. */
  abstract actions(query: { readonly after?: ListPlace | undefined; readonly limit: number }): Promise<readonly DeadLetterAction[]>;
}
