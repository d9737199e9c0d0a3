import { Unavailable } from '../kernel/faults.js';
import type { Transaction, UnitOfWork } from '../kernel/transaction.js';
import { retryDelayMs } from './backoff.js';
import type { ShopEvent } from './event.js';
import type { CursorStore, EventLog, LoggedEvent, ShardPosition, Subscriber } from './event-log.js';
import { WakeUp } from './wake-up.js';

const POLL_INTERVAL_MS = 1_000;
const EVENTS_PER_SHARD_MAX = 64;
const OCCUPIED_PAUSE_MS = 50;
const OUTSIDE_EFFECT_MS_MAX = 30_000;

/** What a consumer calls: within a transaction of the subscriber's domain, or outside of any. */
export type Effect =
  | { readonly mode: 'transaction'; readonly handle: (tx: Transaction, events: readonly ShopEvent[]) => Promise<unknown> }
  | { readonly mode: 'outside'; readonly handle: (events: readonly ShopEvent[], signal: AbortSignal) => Promise<unknown> };

export interface ConsumerOptions {
  readonly subscriber: string;
  readonly type: string;
  readonly effect: Effect;
  readonly log: EventLog;
  readonly cursors: CursorStore;
  readonly unitOfWork: UnitOfWork;
  readonly onFault: (fault: unknown, where: { subscriber: string; event?: ShopEvent; failures: number; retryInMs: number }) => void;
}

/**
 * Delivers one event type of one source to one subscriber.
 *
 * C1: the cursor advances in the transaction of the effect: a redelivery has no second effect (outside effects:
 *     after the effect, so at least once).
 * C2: the events of one shard are handled in order; a failing event holds up its shard only, and is tried again with
 *     back-off for as long as it takes.
 * C3: a batch that throws is rolled back and run again in halves, until the culprit stands alone.
 * C4: no hint is needed for delivery: a lost one costs at most the poll interval.
 */
export class Consumer {
  private readonly wakeUp = new WakeUp();
  private readonly stopping = new AbortController();
  private readonly held = new Map<number, { failures: number; untilMs: number }>();
  private positions = new Map<number, number>();
  private outageFailures = 0;
  private readAtMs = 0;
  private running: Promise<void> = Promise.resolve();

  /** Whose cursors this consumer moves. */
  readonly identity: Subscriber;

  constructor(private readonly options: ConsumerOptions) {
    this.identity = { subscriber: options.subscriber, type: options.type, source: options.log.source };
  }

  start(): void {
    this.running = this.run();
  }

  /** Something was appended that may concern this consumer. */
  hint(): void {
    this.wakeUp.hint();
  }

  /** Finishes the batch in hand and ends. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wakeUp.hint();
    await this.running;
  }

  /** How many events lie between the cursor and the end of the log. */
  async lag(): Promise<number> {
    const { log, type } = this.options;
    const [heads, cursors] = await Promise.all([log.heads(type), this.storedPositions()]);
    return heads.reduce((events, { shard, position }) => events + position - (cursors.get(shard) ?? 0), 0);
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
      // Another process holds these shards, or their next event is held: look again, but not in a spin.
      return events.length > 0 ? Math.min(OCCUPIED_PAUSE_MS, this.msUntilDue()) : this.msUntilDue();
    } catch (fault) {
      this.outageFailures++;
      this.positions.clear();
      const retryInMs = retryDelayMs(this.outageFailures);
      this.options.onFault(fault, { subscriber: this.options.subscriber, failures: this.outageFailures, retryInMs });
      return retryInMs;
    }
  }

  private async readNext(): Promise<readonly LoggedEvent[]> {
    this.readAtMs = Date.now();
    const open = [...this.positions].filter(([shard]) => !this.isHeld(shard));
    const after = open.map(([shard, position]) => ({ shard, position }));
    return after.length === 0 ? [] : this.options.log.read(this.options.type, after, EVENTS_PER_SHARD_MAX);
  }

  private async handle(events: readonly LoggedEvent[]): Promise<void> {
    try {
      for (const { shard, position } of await this.applied(events)) {
        this.positions.set(shard, position);
        this.held.delete(shard);
      }
    } catch (fault) {
      if (fault instanceof Unavailable || this.stopping.signal.aborted) throw fault;
      if (events.length === 1) return this.hold(events[0] as LoggedEvent, fault);
      const middle = events.length >> 1;
      await this.handle(events.slice(0, middle));
      // C2: what follows a held event in its shard waits with it.
      const rest = events.slice(middle).filter(({ shard }) => !this.isHeld(shard));
      if (rest.length > 0) await this.handle(rest);
    }
  }

  /** Runs the effect and advances the cursors. @returns where the cursors stand now. */
  private applied(events: readonly LoggedEvent[]): Promise<readonly ShardPosition[]> {
    return this.options.effect.mode === 'transaction'
      ? this.appliedInTransaction(events, this.options.effect.handle)
      : this.appliedOutside(events, this.options.effect.handle);
  }

  private appliedInTransaction(
    events: readonly LoggedEvent[],
    handle: (tx: Transaction, events: readonly ShopEvent[]) => Promise<unknown>,
  ): Promise<readonly ShardPosition[]> {
    const { cursors, unitOfWork } = this.options;
    return unitOfWork.run(async (tx) => {
      const locked = await cursors.lock(tx, this.identity, shardsOf(events));
      const fresh = continuing(events, locked);
      if (fresh.length > 0) {
        await handle(tx, fresh);
        await cursors.advance(tx, this.identity, endsOf(fresh));
      }
      return [...locked, ...endsOf(fresh)];
    });
  }

  private async appliedOutside(
    events: readonly LoggedEvent[],
    handle: (events: readonly ShopEvent[], signal: AbortSignal) => Promise<unknown>,
  ): Promise<readonly ShardPosition[]> {
    const { cursors, unitOfWork } = this.options;
    await handle(events, AbortSignal.any([this.stopping.signal, AbortSignal.timeout(OUTSIDE_EFFECT_MS_MAX)]));
    const ends = endsOf(events);
    await unitOfWork.run((tx) => cursors.advance(tx, this.identity, ends));
    return ends;
  }

  private hold(event: LoggedEvent, fault: unknown): void {
    const failures = (this.held.get(event.shard)?.failures ?? 0) + 1;
    const retryInMs = retryDelayMs(failures);
    this.held.set(event.shard, { failures, untilMs: Date.now() + retryInMs });
    this.options.onFault(fault, { subscriber: this.options.subscriber, event, failures, retryInMs });
  }

  /** C2: as of the read, or a pause that ends while the batch is in hand would let later events pass the one that failed. */
  private isHeld(shard: number): boolean {
    return (this.held.get(shard)?.untilMs ?? 0) > this.readAtMs;
  }

  private msUntilDue(): number {
    const now = Date.now();
    const waits = [...this.held.values()].map(({ untilMs }) => Math.max(1, untilMs - now));
    return Math.min(POLL_INTERVAL_MS, ...waits);
  }

  private async storedPositions(): Promise<Map<number, number>> {
    const stored = await this.options.cursors.positions(this.identity);
    return new Map(stored.map(({ shard, position }) => [shard, position]));
  }
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
