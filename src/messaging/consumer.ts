import { Unavailable } from '../kernel/faults.js';
import type { Transaction, UnitOfWork } from '../kernel/transaction.js';
import type { Alerts } from './alerts.js';
import { retryDelayMs } from './backoff.js';
import { type Effect, type OutsideHandler, type TransactionHandler, handleOutside } from './effect.js';
import type { CursorStore, EventLog, LoggedEvent, ShardPosition, Subscriber } from './event-log.js';
import { partsOf } from './events-failed.js';
import type { OnFault } from './on-fault.js';
import { failureNote, type ParkedCount, type ParkedEvents } from './parked-events.js';
import { ParkedRetries } from './parked-retries.js';
import { WakeUp } from './wake-up.js';

const POLL_INTERVAL_MS = 1_000;
const EVENTS_PER_SHARD_MAX = 64;
const OCCUPIED_PAUSE_MS = 50;
const FIRST_FAILURE = 1;

export interface ConsumerOptions {
  readonly subscriber: string;
  readonly type: string;
  readonly effect: Effect;
  readonly log: EventLog;
  readonly cursors: CursorStore;
  readonly parked: ParkedEvents;
  readonly unitOfWork: UnitOfWork;
  readonly alerts: Alerts;
  /** For compensations: an event that fails is never dead, but tried again for ever. */
  readonly neverGivesUp?: boolean;
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
 *     key; everything else goes on. See {@link ParkedEvents} for K1 to K3, {@link ParkedRetries} for K4 and K5.
 * C3: a batch that throws is rolled back and run again in halves, until the culprit stands alone. An outside effect may name
 *     the culprits ({@link partsOf}).
 * C4: no hint is needed for delivery: a lost one costs at most the poll interval.
 * C5: an outage parks nothing: the consumer as a whole waits, longer each time.
 */
export class Consumer {
  private readonly wakeUp = new WakeUp();
  private readonly stopping = new AbortController();
  private readonly retries: ParkedRetries;
  private positions = new Map<number, number>();
  private outageFailures = 0;
  private running: Promise<void> = Promise.resolve();

  /** Whose cursors this consumer moves. */
  readonly identity: Subscriber;

  constructor(private readonly options: ConsumerOptions) {
    this.identity = { subscriber: options.subscriber, type: options.type, source: options.log.source };
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

  /** Finishes the batch in hand and ends. */
  async stop(): Promise<void> {
    this.stopping.abort();
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
      const pauseMs = await this.deliver();
      if (pauseMs > 0 && !this.stopping.signal.aborted) await this.wakeUp.wait(pauseMs);
    }
  }

  /** Handles what is there. @returns how long to rest unless hinted: 0 while there may be more. */
  private async deliver(): Promise<number> {
    try {
      if (this.positions.size === 0) this.positions = await this.storedPositions();
      const events = await this.readNext();
      const before = new Map(this.positions);
      if (events.length > 0) await this.handle(events);
      this.outageFailures = 0;
      const moved = events.some(({ shard }) => this.positions.get(shard) !== before.get(shard));
      if (moved) return 0;
      // Another process holds these shards: look again, but not in a spin.
      return events.length > 0 ? OCCUPIED_PAUSE_MS : POLL_INTERVAL_MS;
    } catch (fault) {
      this.outageFailures++;
      this.positions.clear();
      const retryInMs = retryDelayMs(this.outageFailures);
      this.options.onFault(fault, { subscriber: this.options.subscriber, failures: this.outageFailures, retryInMs });
      return retryInMs;
    }
  }

  private async readNext(): Promise<readonly LoggedEvent[]> {
    const after = [...this.positions].map(([shard, position]) => ({ shard, position }));
    return after.length === 0 ? [] : this.options.log.read(this.options.type, after, EVENTS_PER_SHARD_MAX);
  }

  private async handle(events: readonly LoggedEvent[]): Promise<void> {
    try {
      this.moveTo(await this.applied(events));
    } catch (fault) {
      if (fault instanceof Unavailable || this.stopping.signal.aborted) throw fault;
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
    return this.underCursors(events, async (tx, fresh) => {
      const { free, behind } = await this.apart(tx, fresh);
      if (free.length > 0) await handle(tx, free);
      await this.parkBehind(tx, behind);
    });
  }

  private async appliedOutside(events: readonly LoggedEvent[], handle: OutsideHandler): Promise<readonly ShardPosition[]> {
    const { free, behind } = await this.options.unitOfWork.run((tx) => this.apart(tx, events));
    if (free.length > 0) await handleOutside(handle, free, this.stopping.signal);
    return this.underCursors(events, (tx, fresh) =>
      this.parkBehind(
        tx,
        behind.filter((event) => fresh.includes(event)),
      ),
    );
  }

  /** Does `work` with those events that come next, and moves the cursors over them. @returns where the cursors stand now. */
  private underCursors(
    events: readonly LoggedEvent[],
    work: (tx: Transaction, fresh: readonly LoggedEvent[]) => Promise<void>,
  ): Promise<readonly ShardPosition[]> {
    const { cursors, unitOfWork } = this.options;
    return unitOfWork.run(async (tx) => {
      const locked = await cursors.lock(tx, this.identity, shardsOf(events));
      const fresh = continuing(events, locked);
      if (fresh.length > 0) {
        await work(tx, fresh);
        await cursors.advance(tx, this.identity, endsOf(fresh));
      }
      return [...locked, ...endsOf(fresh)];
    });
  }

  /** C2, K1: an event whose key has parked ones goes behind them. */
  private async apart(tx: Transaction, events: readonly LoggedEvent[]): Promise<Apart> {
    const subjects = [...new Set(events.map(({ subject }) => subject))];
    const blocked = await this.options.parked.blocked(tx, this.identity, subjects);
    if (blocked.size === 0) return { free: events, behind: [] };
    return { free: events.filter(({ subject }) => !blocked.has(subject)), behind: events.filter(({ subject }) => blocked.has(subject)) };
  }

  private async parkBehind(tx: Transaction, events: readonly LoggedEvent[]): Promise<void> {
    if (events.length === 0) return;
    await this.options.parked.parkBehind(tx, this.identity, events, this.neverGivesUp);
    tx.afterCommit(() => this.retries.hint());
  }

  private async park(event: LoggedEvent, fault: unknown): Promise<void> {
    const retryInMs = this.retryDelayMs(FIRST_FAILURE);
    const failed = { event, failure: failureNote(fault), retryInMs, neverGivesUp: this.neverGivesUp };
    const ends = await this.underCursors([event], async (tx, fresh) => {
      const { free, behind } = await this.apart(tx, fresh);
      await this.parkBehind(tx, behind);
      if (free.length > 0) await this.options.parked.park(tx, this.identity, failed);
    });
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

interface Apart {
  readonly free: readonly LoggedEvent[];
  readonly behind: readonly LoggedEvent[];
}

const shardsOf = (events: readonly LoggedEvent[]): number[] => [...new Set(events.map(({ shard }) => shard))];

/** The last event of each shard; `events` is ordered by shard and position. */
const endsOf = (events: readonly LoggedEvent[]): ShardPosition[] => [
  ...new Map(events.map(({ shard, position }) => [shard, { shard, position }])).values(),
];

/** Those events that follow the locked cursors without a gap: what another process has handled meanwhile is left out. */
function continuing(events: readonly LoggedEvent[], locked: readonly ShardPosition[]): LoggedEvent[] {
  const next = new Map(locked.map(({ shard, position }) => [shard, position + 1]));
  return events.filter(({ shard, position }) => {
    if (next.get(shard) !== position) return false;
    next.set(shard, position + 1);
    return true;
  });
}
