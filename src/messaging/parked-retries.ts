import { failpoint } from '../kernel/failpoint.js';
import { Unavailable } from '../kernel/faults.js';
import type { Transaction, UnitOfWork } from '../kernel/transaction.js';
import { type AlertKind, AlertRaised } from './alert-raised.event.js';
import { retryDelayMs } from './backoff.js';
import { deadLetterId } from './dead-letters.js';
import { type Effect, OUTSIDE_LEASE_MS, type OutsideHandler, type TransactionHandler, handleOutside } from './effect.js';
import type { EventBus } from './event-bus.js';
import { type Subscriber, workOf } from './event-log.js';
import { partsOf } from './events-failed.js';
import { domainOf } from './listener.js';
import type { OnFault } from './on-fault.js';
import { type FailureNote, failureNote, type ParkedEvent, type ParkedEvents } from './parked-events.js';
import { WakeUp } from './wake-up.js';

/** Then a side effect is given up on: a dead letter. */
export const ATTEMPTS_MAX = 12;
/** A compensation is never given up on, but from here on people should know. */
export const COMPENSATION_FAILURES_TO_ALERT = 3;
const EVENTS_PER_ROUND_MAX = 64;
const POLL_INTERVAL_MS = 2_000;
const OCCUPIED_PAUSE_MS = 50;

export interface ParkedRetriesOptions {
  readonly identity: Subscriber;
  readonly effect: Effect;
  readonly parked: ParkedEvents;
  readonly unitOfWork: UnitOfWork;
  readonly bus: Pick<EventBus, 'emit'>;
  readonly neverGivesUp: boolean;
  /** The pause after so many failures of one event. */
  readonly retryDelayMs: (failures: number) => number;
  readonly onFault: OnFault;
  readonly stopping: AbortSignal;
}

/**
 * Tries the parked events of one subscriber again, beside the consumer, so that a slow failure holds up nobody.
 *
 * K3: effect and removal are one transaction, under the lock of the row (outside effects: the removal follows, so at
 *     least once).
 * K4: a side effect that has failed 12 times is dead, and an alert is raised once. A compensation never is: it goes on
 *     at the pace of the longest pause, and an alert is raised after its third failure.
 * K5: an outage is no failure of an event: nothing is counted, all of it waits.
 * K6: an alert and the failure that it tells of are one transaction: no crash comes between them. An alert that cannot be
 *     delivered raises no other, so alerts come to an end.
 */
export class ParkedRetries {
  private readonly wakeUp = new WakeUp();
  private outageFailures = 0;
  private running: Promise<void> = Promise.resolve();
  private readonly work: string;

  constructor(private readonly options: ParkedRetriesOptions) {
    this.work = `${workOf(options.identity)}, parked`;
  }

  start(): void {
    this.running = this.run();
  }

  /** Something was parked. */
  hint(): void {
    this.wakeUp.hint();
  }

  /** After `stopping` has aborted. Finishes the events in hand. */
  async ended(): Promise<void> {
    this.wakeUp.hint();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.options.stopping.aborted) {
      const pauseMs = await this.round();
      if (pauseMs > 0 && !this.options.stopping.aborted) await this.wakeUp.wait(pauseMs);
    }
  }

  /** Tries what is due. @returns how long to rest unless hinted. */
  private async round(): Promise<number> {
    const { identity, parked } = this.options;
    try {
      const { due, nextInMs, anyBehind } = await parked.outlook(identity, EVENTS_PER_ROUND_MAX);
      const taken = due.length > 0 ? await this.attempt(due) : 0;
      this.outageFailures = 0;
      if (taken > 0) return 0;
      if (due.length > 0) return OCCUPIED_PAUSE_MS;
      if (anyBehind && (await parked.promote(identity)) > 0) return 0;
      return Math.min(POLL_INTERVAL_MS, Math.max(1, Math.ceil(nextInMs ?? POLL_INTERVAL_MS)));
    } catch (fault) {
      this.outageFailures++;
      const retryInMs = retryDelayMs(this.outageFailures);
      this.options.onFault(fault, { subscriber: identity.subscriber, failures: this.outageFailures, retryInMs });
      return retryInMs;
    }
  }

  /** A batch that throws is tried again in halves, until the culprit stands alone. @returns how many were tried to an end. */
  private async attempt(parkedIds: readonly number[], held = false): Promise<number> {
    const taken: ParkedEvent[] = [];
    try {
      const { effect } = this.options;
      await (effect.mode === 'transaction'
        ? this.attemptInTransaction(parkedIds, effect.handle, taken)
        : this.attemptOutside(parkedIds, held, effect.handle, taken));
      return taken.length;
    } catch (fault) {
      if (fault instanceof Unavailable || this.options.stopping.aborted || taken.length === 0) throw fault;
      if (taken.length === 1) return await this.failed(taken[0] as ParkedEvent, fault);
      let tried = 0;
      for (const part of partsOf(taken, fault, ({ event }) => event.id)) {
        tried += await this.attempt(
          part.map(({ parkedId }) => parkedId),
          true,
        );
      }
      return tried;
    }
  }

  private attemptInTransaction(parkedIds: readonly number[], handle: TransactionHandler, taken: ParkedEvent[]): Promise<void> {
    const { parked, unitOfWork } = this.options;
    return unitOfWork.run(async (tx) => {
      // A deadlock makes the unit of work begin anew.
      taken.splice(0, taken.length, ...(await parked.claim(tx, parkedIds)));
      if (taken.length === 0) return;
      await handle(
        tx,
        taken.map(({ event }) => event),
      );
      failpoint(this.work, 'before removal');
      await parked.remove(
        tx,
        taken.map(({ parkedId }) => parkedId),
      );
    }, this.work);
  }

  private async attemptOutside(parkedIds: readonly number[], held: boolean, handle: OutsideHandler, taken: ParkedEvent[]): Promise<void> {
    const { parked, unitOfWork, stopping } = this.options;
    taken.push(...(await parked.lease(parkedIds, OUTSIDE_LEASE_MS, held)));
    if (taken.length === 0) return;
    failpoint(this.work, 'before effect');
    await handleOutside(
      handle,
      taken.map(({ event }) => event),
      stopping,
    );
    failpoint(this.work, 'after effect');
    const ids = taken.map(({ parkedId }) => parkedId);
    await unitOfWork.run((tx) => parked.remove(tx, ids), this.work);
  }

  private async failed(parked: ParkedEvent, fault: unknown): Promise<number> {
    const { identity, neverGivesUp, onFault } = this.options;
    const failures = parked.attempts + 1;
    const givenUp = !neverGivesUp && failures >= ATTEMPTS_MAX;
    const retryInMs = givenUp ? null : this.options.retryDelayMs(failures);
    const failure = failureNote(fault);
    const stuck = neverGivesUp && failures === COMPENSATION_FAILURES_TO_ALERT;
    const noted = await this.options.unitOfWork.run(async (tx) => {
      const failuresTotal = await this.options.parked.fail(tx, parked, failure, retryInMs);
      if (failuresTotal === null) return false;
      const failed = { parked, failures, failuresTotal, failure };
      if (givenUp) await this.raise(tx, 'dead-letter', failed);
      if (stuck) await this.raise(tx, 'stuck-compensation', failed);
      return true;
    }, `${this.work}, failed`);
    if (!noted) return 1;
    onFault(fault, { subscriber: identity.subscriber, event: parked.event, failures, retryInMs });
    return 1;
  }

  private async raise(tx: Transaction, kind: AlertKind, { parked, failures, failuresTotal, failure }: Failed): Promise<void> {
    const { subscriber, type } = this.options.identity;
    if (type === AlertRaised.type) return;
    const { id, source, subject } = parked.event;
    const letter = deadLetterId(domainOf(subscriber), parked.parkedId);
    const alert = { kind, deadLetterId: letter, subscriber, event: { id, type, source, subject }, failures, failuresTotal, error: failure };
    await this.options.bus.emit(tx, AlertRaised.of(alert));
  }
}

interface Failed {
  readonly parked: ParkedEvent;
  /** Since it was parked, or since an operator's retry. */
  readonly failures: number;
  readonly failuresTotal: number;
  readonly failure: FailureNote;
}
