import type { Transaction } from '../kernel/transaction.js';
import type { LoggedEvent, Subscriber } from './event-log.js';

/** A failure as it is kept: texts that the database can store, cut to a bearable length. */
export interface FailureNote {
  readonly name: string;
  readonly message: string;
}

const NAME_CHARACTERS_MAX = 100;
const MESSAGE_CHARACTERS_MAX = 2_000;

export function failureNote(fault: unknown): FailureNote {
  const { name, message } = fault instanceof Error ? fault : { name: 'Fault', message: String(fault) };
  return { name: storable(name, NAME_CHARACTERS_MAX), message: storable(message, MESSAGE_CHARACTERS_MAX) };
}

/** PostgreSQL stores neither NUL nor half a surrogate pair. */
const storable = (text: string, charactersMax: number): string => text.slice(0, charactersMax).toWellFormed().replaceAll('\0', '');

/** An event whose first handling failed, about to be parked. */
export interface FailedEvent {
  readonly event: LoggedEvent;
  readonly failure: FailureNote;
  readonly retryInMs: number;
  readonly neverGivesUp: boolean;
}

/** The first event of its key that is parked, taken to be tried again. */
export interface ParkedEvent {
  readonly parkedId: number;
  /** How many times it has failed since it was parked, or since an operator's retry. */
  readonly attempts: number;
  readonly event: LoggedEvent;
}

/** What there is to do for a subscriber. */
export interface Outlook {
  /** Parked events whose time has come, the longest due first. */
  readonly due: readonly number[];
  /** Until the next one is due; null when none is. */
  readonly nextInMs: number | null;
  /** Some wait for an event before them. */
  readonly anyBehind: boolean;
}

export interface ParkedCount {
  readonly waiting: number;
  readonly dead: number;
}

/**
 * Events that a subscriber could not handle, kept in the subscriber's own domain. The key of an event is its subject:
 * the order of a subject's events is kept, everything else goes on.
 *
 * K1: rows are parked only by whoever holds the cursor of their shard, in the transaction that moves the cursor over them.
 *     So {@link ParkedEvents.blocked}, asked under that lock, misses none.
 * K2: only the first row of a key is ever due; the rows behind it get their time when it is gone.
 * K3: a row goes away in the transaction of its effect, and is locked by that transaction: its effect happens once.
 */
export abstract class ParkedEvents {
  /** Which of these subjects have parked events. */
  abstract blocked(tx: Transaction, of: Subscriber, subjects: readonly string[]): Promise<ReadonlySet<string>>;

  /** Parks an event that failed for the first time. */
  abstract park(tx: Transaction, of: Subscriber, failed: FailedEvent): Promise<void>;

  /** Parks events behind those of their key. */
  abstract parkBehind(tx: Transaction, of: Subscriber, events: readonly LoggedEvent[], neverGivesUp: boolean): Promise<void>;

  abstract outlook(of: Subscriber, rowsMax: number): Promise<Outlook>;

  /** Locks those that are still due until the transaction ends; what another process works on is left out. */
  abstract claim(tx: Transaction, parkedIds: readonly number[]): Promise<readonly ParkedEvent[]>;

  /** For effects that hold no transaction: nobody else takes them for so long. `held`: also those that the caller has leased itself. */
  abstract lease(parkedIds: readonly number[], leaseMs: number, held: boolean): Promise<readonly ParkedEvent[]>;

  /** They have been handled; the next of their keys are due now. */
  abstract remove(tx: Transaction, parkedIds: readonly number[]): Promise<void>;

  /**
   * Notes another failure.
   *
   * @param retryInMs null: it is dead.
   * @returns how many times it has failed in all, or null when somebody else has tried it meanwhile; then nothing is noted.
   */
  abstract fail(tx: Transaction, parked: ParkedEvent, failure: FailureNote, retryInMs: number | null): Promise<number | null>;

  /** Makes due what waits behind nothing: events that were parked while the one before them went away. @returns how many. */
  abstract promote(of: Subscriber): Promise<number>;

  abstract count(of: Subscriber): Promise<ParkedCount>;
}
