import type { Database, PgTransaction } from '../../database/database.js';
import type { Databases } from '../../database/databases.js';
import { type Floor, LogFloors } from '../event-log.js';
import { logEpochStatements } from './log-epoch-statements.js';
import { PgCursorStore } from './pg-cursor-store.js';

export interface EpochTimes {
  /** How long a partition takes new events. */
  readonly epochMs: number;
  /** How long an event is kept at least, whoever has read it. */
  readonly retentionMs: number;
  /** How long a partition stays after its events count as gone, and how long it is there before it takes any: for who looked before. */
  readonly graceMs: number;
}

export interface PgLogEpochsOptions {
  readonly databases: Databases;
  /** The domain whose log this is. */
  readonly source: string;
  /** Those that may have subscribers of it, each perhaps in a database of its own. */
  readonly subscribingDomains: readonly string[];
  readonly times: EpochTimes;
}

/** What a round did; `heldBy` names subscribers that have not passed an epoch whose time is over. */
export interface EpochRound {
  readonly did: 'nothing' | 'prepared' | 'began' | 'retired' | 'dropped';
  readonly heldBy: readonly string[];
}

/** Appends may stand behind us in a queue for a lock: no longer than this. */
const LOCK_WAIT_MS_MAX = 100;
const OPENING_LOCK_WAIT_MS_MAX = 10_000;
const NOTHING: EpochRound = { did: 'nothing', heldBy: [] };

/**
 * Cuts the log of one domain into epochs, a partition each, and lets the oldest go.
 *
 * R1: an epoch begins under the locks of all heads, when its partition has been there for a while. So a head always points
 *     to a partition that exists, and an epoch holds one run of positions of each topic and shard. As long as no partition
 *     can be made, the log goes on in the one that it has.
 * R2: an epoch is retired when its retention is over and every cursor there is, in all databases, has passed its last
 *     position. No cursor is made meanwhile: that is the gate. A new subscriber begins at the floor.
 * R3: the floor rises first, in a commit of its own, and the partition goes later. A crash between any two statements
 *     leaves a state from which the next round goes on.
 * R4: payments do not wait for any of this, except for the heads, and for those 100 ms at most: partitions come and go by
 *     locks that appends and readers do not ask for.
 */
export class PgLogEpochs extends LogFloors {
  private readonly statements: ReturnType<typeof logEpochStatements>;

  constructor(private readonly options: PgLogEpochsOptions) {
    super();
    this.statements = logEpochStatements(options.source);
  }

  /** Does the next thing that is due, if no other process is at it. */
  async round(): Promise<EpochRound> {
    const { databases, source, times } = this.options;
    const { epochMs, retentionMs, graceMs } = times;
    const [work] = await databases.of(source).query<{ due: boolean }>(this.statements.isAnythingDue, [epochMs, retentionMs, graceMs]);
    if (!work?.due) return NOTHING;
    return this.onConnectionOfItsOwn(LOCK_WAIT_MS_MAX, async (database) => {
      const [lock] = await database.query<{ taken: boolean }>(this.statements.beTheOnlyOne);
      if (!lock?.taken) return NOTHING;
      const round = await this.next(database);
      // The end of the connection would do it, too, but a moment later.
      await database.query(this.statements.letOthers);
      return round;
    });
  }

  /** R2: holds the gate meanwhile. */
  override async atFloor(work: (floors: readonly Floor[]) => Promise<void>): Promise<void> {
    const { source } = this.options;
    await this.onConnectionOfItsOwn(OPENING_LOCK_WAIT_MS_MAX, (database) =>
      database.transaction(source, async (tx) => {
        await tx.query(this.statements.holdGate);
        const floors = await tx.query<Omit<Floor, 'source'>>(this.statements.floors);
        await work(floors.map((floor) => ({ ...floor, source })));
      }),
    );
  }

  override async floors(): Promise<readonly Floor[]> {
    const { databases, source } = this.options;
    const floors = await databases.of(source).query<Omit<Floor, 'source'>>(this.statements.floors);
    return floors.map((floor) => ({ ...floor, source }));
  }

  private async next(database: Database): Promise<EpochRound> {
    const { source } = this.options;
    if (await database.transaction(source, (tx) => this.prepare(tx))) return { did: 'prepared', heldBy: [] };
    if (await database.transaction(source, (tx) => this.begin(tx))) return { did: 'began', heldBy: [] };
    const retired = await database.transaction(source, (tx) => this.retire(tx));
    return retired.did === 'retired' || !(await this.drop(database)) ? retired : { ...retired, did: 'dropped' };
  }

  /** R4: made alone and attached then, the partition is locked by nobody; made as a partition, it would lock the whole log. */
  private async prepare(tx: PgTransaction): Promise<boolean> {
    const [next] = await tx.query<{ epoch: number }>(this.statements.epochToPrepare);
    if (!next) return false;
    await tx.query(this.statements.makePartition(next.epoch));
    await tx.query(this.statements.attachPartition(next.epoch));
    await tx.query(this.statements.noteEpoch, [next.epoch]);
    return true;
  }

  private async begin(tx: PgTransaction): Promise<boolean> {
    const { epochMs, graceMs } = this.options.times;
    const [next] = await tx.query<{ epoch: number }>(this.statements.epochToBegin, [epochMs, graceMs]);
    if (!next) return false;
    await tx.query(this.statements.begin, [next.epoch]);
    // R1, R4: last, because appends wait from here on.
    await tx.query(this.statements.moveHeads, [next.epoch]);
    return true;
  }

  private async retire(tx: PgTransaction): Promise<EpochRound> {
    const [gate] = await tx.query<{ taken: boolean }>(this.statements.holdGateAlone);
    if (!gate?.taken) return NOTHING;
    const [over] = await tx.query<{ epoch: number }>(this.statements.epochToRetire, [this.options.times.retentionMs]);
    if (!over) return NOTHING;
    const ends = await tx.query<Omit<Floor, 'source'>>(this.statements.endsOf, [over.epoch]);
    const heldBy = await this.behind(ends.map((end) => ({ ...end, source: this.options.source })));
    if (heldBy.length > 0) return { did: 'nothing', heldBy };
    await tx.query(this.statements.retire, [over.epoch]);
    return { did: 'retired', heldBy: [] };
  }

  /** R2: the subscribers that have still to come to one of these positions. */
  private async behind(ends: readonly Floor[]): Promise<readonly string[]> {
    const { databases, subscribingDomains } = this.options;
    const asked = subscribingDomains.map((domain) => new PgCursorStore(databases.of(domain)).behind(ends));
    return (await Promise.all(asked)).flat();
  }

  /** R3, R4: each statement is a commit of its own; detaching waits for who uses the log, but nobody waits for it. */
  private async drop(database: Database): Promise<boolean> {
    const [retired] = await database.query<RetiredEpoch>(this.statements.epochToDrop, [this.options.times.graceMs]);
    if (!retired) return false;
    const { epoch, isAttached, isDetaching } = retired;
    if (isAttached) await database.query(this.statements.detachPartition(epoch, isDetaching ? 'FINALIZE' : 'CONCURRENTLY'));
    await database.query(this.statements.dropPartition(epoch));
    await database.query(this.statements.forget, [epoch]);
    return true;
  }

  private async onConnectionOfItsOwn<T>(lockWaitMsMax: number, work: (database: Database) => Promise<T>): Promise<T> {
    const database = this.options.databases.apart(this.options.source, lockWaitMsMax);
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  }
}

interface RetiredEpoch {
  readonly epoch: number;
  readonly isAttached: boolean;
  readonly isDetaching: boolean;
}
