import { randomUUID } from 'node:crypto';
import { failpoint } from '../kernel/failpoint.js';
import { Unavailable } from '../kernel/faults.js';
import type { Transaction, UnitOfWork } from '../kernel/transaction.js';
import { retryDelayMs } from './backoff.js';
import { CURSOR_LEASE_MS, type Effect, type OutsideHandler, type TransactionHandler, handleOutside, whileRenewing } from './effect.js';
import type { EventBus } from './event-bus.js';
import { type CursorStore, type EventFeed, type LoggedEvent, type ShardPosition, type Subscriber, workOf } from './event-log.js';
import { partsOf } from './events-failed.js';
import type { OnFault } from './on-fault.js';
import { failureNote, type ParkedCount, type ParkedEvents } from './parked-events.js';
import { ParkedRetries } from './parked-retries.js';
import { continuing, endsOf, shardsOf } from './shard-positions.js';
import { WakeUp } from './wake-up.js';

const POLL_INTERVAL_MS = 1_000;
const EVENTS_PER_SHARD_MAX = 64;
/** A full batch is followed by the next at once. Any other lets a few events gather: a small batch costs almost as much as a full one. */
const FULL_BATCH_EVENTS = 256;
const GATHER_MS = 40;
const OCCUPIED_PAUSE_MS_MIN = 50;
const OCCUPIED_PAUSE_DOUBLINGS_MAX = 4;
const FIRST_FAILURE = 1;

export interface ConsumerOptions {
  readonly subscriber: string;
  readonly type: string;
  readonly effect: Effect;
  readonly log: EventFeed;
  readonly cursors: CursorStore;
  readonly parked: ParkedEvents;
  readonly unitOfWork: UnitOfWork;
  /** Takes the alerts of events that fail. */
  readonly bus: Pick<EventBus, 'emit'>;
  /** For compensations: an event that fails is never dead, but tried again for ever. */
  readonly neverGivesUp?: boolean;
  /** For effects that must leave nothing out: whatever fails, the consumer as a whole waits, as in an outage. */
  readonly neverParks?: boolean;
  readonly onFault: OnFault;
  /** The pause after so many failures of one event; for tests. */
  readonly retryDelayMs?: (failures: number) => number;
}

/**
 * Delivers one event type of one source to one subscriber.
 *
 * C1: the cursor advances in the transaction of the effect: a redelivery has no second effect (outside effects:
 *     after the effect, so at least once).
 * C2: the events of one key (subject) are handled in order. One that fails alone is parked, and so are the later ones of its
 *     key; everything else goes on. See {@link ParkedEvents} for K1 to K3, {@link ParkedRetries} for K4 to K6.
 * C3: a batch that throws is rolled back and run again in halves, until the culprit stands alone. An outside effect may name
 *     the culprits ({@link partsOf}).
 * C4: no hint is needed for delivery: a lost one costs at most the poll interval.
 * C5: an outage parks nothing: the consumer as a whole waits, longer each time.
 * C6: of several processes one makes an outside effect: it leases the cursors before, and moves them only while they are its own.
 */
export class Consumer {
  private readonly wakeUp = new WakeUp();
  private readonly stopped = new WakeUp();
  private readonly stopping = new AbortController();
  private readonly retries: ParkedRetries;
  private positions = new Map<number, number>();
  private readonly leaseToken = randomUUID();
  private moved = false;
  private outageFailures = 0;
  private occupiedRounds = 0;
  private running: Promise<void> = Promise.resolve();

  /** Whose cursors this consumer moves. */
  readonly identity: Subscriber;
  private readonly work: string;

  constructor(private readonly options: ConsumerOptions) {
    this.identity = { subscriber: options.subscriber, type: options.type, source: options.log.source };
    this.work = workOf(this.identity);
    this.retries = new ParkedRetries({
      ...options,
      identity: this.identity,
      neverGivesUp: this.neverGivesUp,
      retryDelayMs: (failures) => this.retryDelayMs(failures),
      stopping: this.stopping.signal,
    });
  }

  start(): void {
    this.running = this.run();
    this.retries.start();
  }

  /** Something was appended that may concern this consumer. */
  hint(): void {
    this.wakeUp.hint();
  }

  /** Somebody moved the stored cursors: they are read anew. */
  cursorsMoved(): void {
    this.moved = true;
    this.wakeUp.hint();
  }

  /** Finishes the batch in hand and ends. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.stopped.hint();
    this.wakeUp.hint();
    await Promise.all([this.running, this.retries.ended()]);
  }

  /** How many events it has still to handle: those behind its cursor, and those parked that are not dead. */
  async lag(): Promise<number> {
    const { log, type } = this.options;
    const [heads, cursors] = await Promise.all([log.heads(type), this.storedPositions()]);
    // After the cursors, so that an event that is just being parked is counted here or there.
    const { waiting } = await this.parkedCount();
    return heads.reduce((events, { shard, position }) => events + position - (cursors.get(shard) ?? 0), waiting);
  }

  parkedCount(): Promise<ParkedCount> {
    return this.options.parked.count(this.identity);
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const { pauseMs, unless } = await this.deliver();
      if (pauseMs > 0 && !this.stopping.signal.aborted) await unless.wait(pauseMs);
    }
    if (this.options.effect.mode === 'outside') await this.releaseLeases();
  }

  /** C6: whoever goes on need not wait for the end of a lease. */
  private releaseLeases(): Promise<void> {
    return this.options.cursors.release(this.identity, this.leaseToken).catch(() => {});
  }

  /** Handles what is there. @returns how long to rest, and what ends the rest before. */
  private async deliver(): Promise<{ pauseMs: number; unless: WakeUp }> {
    try {
      if (this.moved || this.positions.size === 0) await this.readCursors();
      const events = await this.readNext();
      const before = new Map(this.positions);
      if (events.length > 0) await this.handle(events);
      this.outageFailures = 0;
      const moved = events.some(({ shard }) => this.positions.get(shard) !== before.get(shard));
      this.occupiedRounds = events.length > 0 && !moved ? this.occupiedRounds + 1 : 0;
      if (moved) return { pauseMs: events.length < FULL_BATCH_EVENTS ? GATHER_MS : 0, unless: this.stopped };
      // Another process holds these shards: look again, but not in a spin.
      return { pauseMs: events.length > 0 ? occupiedPauseMs(this.occupiedRounds) : POLL_INTERVAL_MS, unless: this.wakeUp };
    } catch (fault) {
      this.outageFailures++;
      this.positions.clear();
      const retryInMs = retryDelayMs(this.outageFailures);
      this.options.onFault(fault, { subscriber: this.options.subscriber, failures: this.outageFailures, retryInMs });
      return { pauseMs: retryInMs, unless: this.wakeUp };
    }
  }

  private async readCursors(): Promise<void> {
    this.moved = false;
    this.positions = await this.storedPositions();
  }

  private async readNext(): Promise<readonly LoggedEvent[]> {
    const after = [...this.positions].map(([shard, position]) => ({ shard, position }));
    return after.length === 0 ? [] : this.options.log.read(this.options.type, after, EVENTS_PER_SHARD_MAX);
  }

  private async handle(events: readonly LoggedEvent[]): Promise<void> {
    try {
      this.moveTo(await this.applied(events));
    } catch (fault) {
      if (fault instanceof Unavailable || this.options.neverParks || this.stopping.signal.aborted) throw fault;
      if (events.length === 1) return this.park(events[0] as LoggedEvent, fault);
      for (const part of partsOf(events, fault, ({ id }) => id)) await this.handle(part);
    }
  }

  /** Runs the effect and advances the cursors. @returns where the cursors stand now. */
  private applied(events: readonly LoggedEvent[]): Promise<readonly ShardPosition[]> {
    return this.options.effect.mode === 'transaction'
      ? this.appliedInTransaction(events, this.options.effect.handle)
      : this.appliedOutside(events, this.options.effect.handle);
  }

  private appliedInTransaction(events: readonly LoggedEvent[], handle: TransactionHandler): Promise<readonly ShardPosition[]> {
    return this.underCursors(events, async (tx, fresh, parked) => {
      const { free, behind } = apart(fresh, parked);
      if (free.length > 0) await handle(tx, free);
      await this.parkBehind(tx, behind);
    });
  }

  private async appliedOutside(events: readonly LoggedEvent[], handle: OutsideHandler): Promise<readonly ShardPosition[]> {
    const leased = await this.lease(events);
    const mine = continuing(events, leased);
    if (mine.length === 0) {
      if (leased.length > 0) await this.releaseLeases();
      return leased;
    }
    // K1: nobody else parks while the lease is ours.
    const { free, behind } = apart(mine, await this.options.unitOfWork.run((tx) => this.parkedSubjects(tx, mine)));
    failpoint(this.work, 'before effect');
    if (free.length > 0) {
      await whileRenewing(
        () => this.lease(mine),
        () => handleOutside(handle, free, this.stopping.signal),
      );
    }
    failpoint(this.work, 'after effect');
    const after = await this.underCursors(mine, (tx, fresh) =>
      this.parkBehind(
        tx,
        behind.filter((event) => fresh.includes(event)),
      ),
    );
    // Those that moved are free again; the others had nothing to do.
    if (leased.length > shardsOf(mine).length) await this.releaseLeases();
    return [...leased, ...after];
  }

  private lease(events: readonly LoggedEvent[]): Promise<readonly ShardPosition[]> {
    return this.options.cursors.lease(this.identity, shardsOf(events), { token: this.leaseToken, leaseMs: CURSOR_LEASE_MS });
  }

  /** Does `work` with those events that come next, and moves the cursors over them. @returns where the cursors stand now. */
  private underCursors(
    events: readonly LoggedEvent[],
    work: (tx: Transaction, fresh: readonly LoggedEvent[], parked: ReadonlySet<string>) => Promise<void>,
    name = this.work,
  ): Promise<readonly ShardPosition[]> {
    const { cursors, unitOfWork } = this.options;
    return unitOfWork.run(async (tx) => {
      // K1: asked after the cursors are locked, but together with them.
      const [locked, parked] = await Promise.all([this.lockedCursors(tx, shardsOf(events)), this.parkedSubjects(tx, events)]);
      const fresh = continuing(events, locked);
      if (fresh.length > 0) {
        await work(tx, fresh, parked);
        failpoint(name, 'before cursor');
        await cursors.advance(tx, this.identity, endsOf(fresh));
      }
      return [...locked, ...endsOf(fresh)];
    }, name);
  }

  private lockedCursors(tx: Transaction, shards: readonly number[]): Promise<readonly ShardPosition[]> {
    const { cursors, effect } = this.options;
    return effect.mode === 'transaction'
      ? cursors.lock(tx, this.identity, shards)
      : cursors.lockLeased(tx, this.identity, shards, this.leaseToken);
  }

  private parkedSubjects(tx: Transaction, events: readonly LoggedEvent[]): Promise<ReadonlySet<string>> {
    return this.options.parked.blocked(tx, this.identity, [...new Set(events.map(({ subject }) => subject))]);
  }

  private async parkBehind(tx: Transaction, events: readonly LoggedEvent[]): Promise<void> {
    if (events.length === 0) return;
    await this.options.parked.parkBehind(tx, this.identity, events, this.neverGivesUp);
    tx.afterCommit(() => this.retries.hint());
  }

  private async park(event: LoggedEvent, fault: unknown): Promise<void> {
    const retryInMs = this.retryDelayMs(FIRST_FAILURE);
    const failed = { event, failure: failureNote(fault), retryInMs, neverGivesUp: this.neverGivesUp };
    const parking = async (tx: Transaction, fresh: readonly LoggedEvent[], parked: ReadonlySet<string>): Promise<void> => {
      const { free, behind } = apart(fresh, parked);
      await this.parkBehind(tx, behind);
      if (free.length > 0) await this.options.parked.park(tx, this.identity, failed);
    };
    const ends = await this.underCursors([event], parking, `${this.work}, parking`);
    this.moveTo(ends);
    this.retries.hint();
    this.options.onFault(fault, { subscriber: this.options.subscriber, event, failures: FIRST_FAILURE, retryInMs });
  }

  private moveTo(positions: readonly ShardPosition[]): void {
    for (const { shard, position } of positions) this.positions.set(shard, position);
  }

  private get neverGivesUp(): boolean {
    return this.options.neverGivesUp ?? false;
  }

  private retryDelayMs(failures: number): number {
    return (this.options.retryDelayMs ?? retryDelayMs)(failures);
  }

  private async storedPositions(): Promise<Map<number, number>> {
    const stored = await this.options.cursors.positions(this.identity);
    return new Map(stored.map(({ shard, position }) => [shard, position]));
  }
}

/** C2, K1: an event whose key has parked ones goes behind them. */
const apart = (events: readonly LoggedEvent[], parked: ReadonlySet<string>) => ({
  free: events.filter(({ subject }) => !parked.has(subject)),
  behind: events.filter(({ subject }) => parked.has(subject)),
});

const occupiedPauseMs = (rounds: number): number => OCCUPIED_PAUSE_MS_MIN * 2 ** Math.min(rounds - 1, OCCUPIED_PAUSE_DOUBLINGS_MAX);
