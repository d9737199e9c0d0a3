import type { Transaction } from '../kernel/transaction.js';
import type { ShopEvent } from './event.js';

/** Events of one subject (an id) always share a shard, and so keep their order. */
export const LOG_SHARDS = 16;

/** Changing this would break the order of a subject's events across the change: never. */
export const shardOf = (subject: string): number => Number(subject) % LOG_SHARDS;

export interface LoggedEvent extends ShopEvent {
  readonly shard: number;
  /** Counts from 1 within (source, type, shard), without gap, in commit order. */
  readonly position: number;
}

/** A place in the log of one source and type: everything up to and including `position` has been handled. */
export interface ShardPosition {
  readonly shard: number;
  readonly position: number;
}

/** The first position that a log still keeps. */
export interface Floor extends ShardPosition {
  readonly type: string;
  readonly source: string;
}

/** Where a consumer reads one source's events: its log, or what has come of it. */
export abstract class EventFeed {
  abstract readonly source: string;

  /** The next events after the given positions, at most `rowsMaxPerShard` of each shard, ordered by shard and position. */
  abstract read(type: string, after: readonly ShardPosition[], rowsMaxPerShard: number): Promise<readonly LoggedEvent[]>;

  /** The last position of each shard that has any events. */
  abstract heads(type: string): Promise<readonly ShardPosition[]>;
}

/**
 * The durable events that one domain publishes.
 *
 * L1: an event is in the log exactly if the transaction that appended it committed.
 * L2: positions of a (type, shard) are gapless and in commit order, so a reader that knows its last position can
 *     neither skip a late commit nor wonder whether something is missing.
 */
export abstract class EventLog extends EventFeed {
  /** Appends as the last statement before the commit: the shard heads are locked no longer than that. */
  abstract append(tx: Transaction, events: readonly ShopEvent[]): Promise<void>;
}

/** How far back the log of one source goes. */
export abstract class LogFloors {
  abstract floors(): Promise<readonly Floor[]>;

  /** Sees to it that no floor rises while `work` makes cursors that begin at these floors, or moves one back no further than to them. */
  abstract atFloor(work: (floors: readonly Floor[]) => Promise<void>): Promise<void>;
}

/** Whose cursors: one subscriber's, in the events of one type that one source publishes. */
export interface Subscriber {
  readonly subscriber: string;
  readonly type: string;
  readonly source: string;
}

/** The right to make effects outside of any transaction with the events behind some cursors. */
export interface CursorLease {
  /** Whose it is: a cursor is moved only by the holder. */
  readonly token: string;
  readonly leaseMs: number;
}
/** What a consumer does, as its failpoints name it. */
export const workOf = ({ type, source, subscriber }: Subscriber): string => `${type} from ${source} → ${subscriber}`;

/**
 * How far subscribers have come, kept in the subscriber's own domain.
 *
 * C1: a cursor advances in the transaction of the effect, so that a redelivered event has none.
 * C6: for effects that hold no transaction a cursor is leased first, so that of several processes one makes them. The
 *     database's clock ends the lease of a dead holder; one that was only slow finds another token and moves nothing.
 */
export abstract class CursorStore {
  /** Every shard's position, as of now. */
  abstract positions(of: Subscriber): Promise<readonly ShardPosition[]>;

  /** The same for some shards, locked until the transaction ends. A shard that another process works on is left out. */
  abstract lock(tx: Transaction, of: Subscriber, shards: readonly number[]): Promise<readonly ShardPosition[]>;

  /** Leases some shards, anew if the lease is the caller's already. One that another process holds is left out. */
  abstract lease(of: Subscriber, shards: readonly number[], lease: CursorLease): Promise<readonly ShardPosition[]>;

  /** As `lock`, for those shards that are leased under this token, even if the time is over, as long as nobody else took them. */
  abstract lockLeased(tx: Transaction, of: Subscriber, shards: readonly number[], token: string): Promise<readonly ShardPosition[]>;

  /** Moves the cursors, and ends their leases. */
  abstract advance(tx: Transaction, of: Subscriber, to: readonly ShardPosition[]): Promise<void>;

  /** Ends what is leased under this token. */
  abstract release(of: Subscriber, token: string): Promise<void>;

  /** For a subscriber whose effect got lost: it begins again after this place. A cursor that is before it stays. */
  abstract moveBack(of: Subscriber, to: ShardPosition): Promise<void>;
}
