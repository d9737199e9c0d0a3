import type { Transaction } from '../../../src/kernel/transaction.js';
import type { LoggedEvent, Subscriber } from '../../../src/messaging/event-log.js';
import {
  type FailedEvent,
  type FailureNote,
  type Outlook,
  type ParkedCount,
  type ParkedEvent,
  ParkedEvents,
} from '../../../src/messaging/parked-events.js';
import type { Context } from '../scheduler.js';
import type { MemoryDatabase, ParkedRow } from './memory-database.js';
import type { MemoryTransaction } from './memory-transaction.js';
import { memoryTransaction } from './memory-unit-of-work.js';
import { lockOf, newRow } from './table.js';

/** The parked events of one domain's subscribers: the statements of `PgParkedEvents`, one by one. */
export class MemoryParkedEvents extends ParkedEvents {
  constructor(
    private readonly database: MemoryDatabase,
    private readonly domain: string,
    private readonly context: Context,
  ) {
    super();
  }

  override blocked(tx: Transaction, of: Subscriber, subjects: readonly string[]): Promise<ReadonlySet<string>> {
    const memory = memoryTransaction(tx);
    const isParked = (subject: string): boolean =>
      this.of(of, memory.all(this.database.eventParked)).some(({ event }) => event.subject === subject);
    return memory.statement(`which of ${subjects.join(', ')} ${of.subscriber} has parked`, {
      run: () => new Set(subjects.filter(isParked)),
    });
  }

  override park(tx: Transaction, of: Subscriber, { event, retryInMs, neverGivesUp }: FailedEvent): Promise<void> {
    return this.insert(tx, of, [event], { neverGivesUp, attempts: 1, failuresTotal: 1, nextAttemptAtMs: this.database.nowMs + retryInMs });
  }

  override parkBehind(tx: Transaction, of: Subscriber, events: readonly LoggedEvent[], neverGivesUp: boolean): Promise<void> {
    return this.insert(tx, of, events, { neverGivesUp, attempts: 0, failuresTotal: 0, nextAttemptAtMs: null });
  }

  override outlook(of: Subscriber, rowsMax: number): Promise<Outlook> {
    return this.database.io.glance(this.domain, () => {
      const { nowMs } = this.database;
      const rows = this.of(of, this.database.eventParked.rows.values());
      const times = rows.flatMap(({ nextAttemptAtMs }) => nextAttemptAtMs ?? []);
      const later = times.filter((atMs) => atMs > nowMs);
      return {
        due: rows
          .filter((row) => isDue(row, nowMs))
          .slice(0, rowsMax)
          .map(({ parkedId }) => parkedId),
        nextInMs: later.length > 0 ? Math.min(...later) - nowMs : null,
        anyBehind: rows.some(({ state, nextAttemptAtMs }) => state === 'WAITING' && nextAttemptAtMs === null),
      };
    });
  }

  override claim(tx: Transaction, parkedIds: readonly number[]): Promise<readonly ParkedEvent[]> {
    const memory = memoryTransaction(tx);
    return memory.statement(`claim parked ${parkedIds.join(', ')}`, {
      skipLocked: true,
      locks: () => parkedIds.filter((id) => this.isDueNow(id)).map((id) => lockOf(this.database.eventParked, id)),
      run: () => this.held(memory, parkedIds).filter((row) => isDue(row, this.database.nowMs)),
    });
  }

  override lease(parkedIds: readonly number[], leaseMs: number, held: boolean): Promise<readonly ParkedEvent[]> {
    const { eventParked } = this.database;
    const isFree = (id: number): boolean => this.isDueNow(id) || (held && (eventParked.rows.get(id)?.nextAttemptAtMs ?? null) !== null);
    return this.database.alone(this.domain, this.context, `lease parked ${parkedIds.join(', ')}`, (memory) => ({
      skipLocked: true,
      locks: () => parkedIds.filter(isFree).map((id) => lockOf(eventParked, id)),
      run: () => {
        const leased = this.held(memory, parkedIds.filter(isFree));
        for (const { parkedId } of leased) memory.update(eventParked, parkedId, () => ({ nextAttemptAtMs: this.database.nowMs + leaseMs }));
        return leased;
      },
    }));
  }

  override remove(tx: Transaction, parkedIds: readonly number[]): Promise<void> {
    const memory = memoryTransaction(tx);
    const { eventParked } = this.database;
    const next = (gone: ParkedRow): ParkedRow | undefined =>
      this.of(gone.of, memory.all(eventParked))
        .filter(
          ({ parkedId, event }) =>
            event.subject === gone.event.subject && event.position > gone.event.position && !parkedIds.includes(parkedId),
        )
        .toSorted((a, b) => a.event.position - b.event.position)[0];
    const gone = (): ParkedRow[] => parkedIds.flatMap((id) => memory.get(eventParked, id) ?? []);
    return memory.statement(`remove parked ${parkedIds.join(', ')}`, {
      locks: () => [...parkedIds, ...gone().flatMap((row) => next(row)?.parkedId ?? [])].map((id) => lockOf(eventParked, id)),
      run: () => {
        for (const row of gone()) {
          const behind = next(row);
          memory.delete(eventParked, row.parkedId);
          if (behind?.state === 'WAITING') memory.update(eventParked, behind.parkedId, () => ({ nextAttemptAtMs: this.database.nowMs }));
        }
      },
    });
  }

  override fail(
    tx: Transaction,
    { parkedId, attempts }: ParkedEvent,
    failure: FailureNote,
    retryInMs: number | null,
  ): Promise<number | null> {
    const memory = memoryTransaction(tx);
    const { eventParked } = this.database;
    return memory.statement(`parked ${parkedId} failed again: ${failure.message}`, {
      locks: () => (eventParked.rows.has(parkedId) ? [lockOf(eventParked, parkedId)] : []),
      run: () => {
        const row = memory.get(eventParked, parkedId);
        if (row?.attempts !== attempts || row.nextAttemptAtMs === null) return null;
        const nextAttemptAtMs = retryInMs === null ? null : this.database.nowMs + retryInMs;
        memory.put<ParkedRow>(eventParked, parkedId, {
          ...row,
          attempts: attempts + 1,
          failuresTotal: row.failuresTotal + 1,
          state: retryInMs === null ? 'DEAD' : 'WAITING',
          nextAttemptAtMs,
        });
        return row.failuresTotal + 1;
      },
    });
  }

  override promote(of: Subscriber): Promise<number> {
    const { eventParked } = this.database;
    const first = (): ParkedRow[] => {
      const rows = this.of(of, eventParked.rows.values());
      const isFirst = ({ event }: ParkedRow): boolean =>
        !rows.some((other) => other.event.subject === event.subject && other.event.position < event.position);
      return rows.filter((row) => row.state === 'WAITING' && row.nextAttemptAtMs === null && isFirst(row));
    };
    return this.database.alone(this.domain, this.context, `promote what ${of.subscriber} has parked behind nothing`, (memory) => ({
      locks: () => first().map(({ parkedId }) => lockOf(eventParked, parkedId)),
      run: () => {
        const promoted = first();
        for (const { parkedId } of promoted) memory.update(eventParked, parkedId, () => ({ nextAttemptAtMs: this.database.nowMs }));
        return promoted.length;
      },
    }));
  }

  override count(of: Subscriber): Promise<ParkedCount> {
    const rows = this.of(of, this.database.eventParked.rows.values());
    const waiting = rows.filter(({ state }) => state === 'WAITING').length;
    return this.database.io.glance(this.domain, () => ({ waiting, dead: rows.length - waiting }));
  }

  private insert(
    tx: Transaction,
    of: Subscriber,
    events: readonly LoggedEvent[],
    facts: Pick<ParkedRow, 'neverGivesUp' | 'attempts' | 'failuresTotal' | 'nextAttemptAtMs'>,
  ): Promise<void> {
    const memory = memoryTransaction(tx);
    const { eventParked } = this.database;
    const rows = events.map((event) => ({ parkedId: this.database.nextParkedId(), of, event, state: 'WAITING' as const, ...facts }));
    return memory.statement(`park ${events.map(({ id }) => id).join(', ')} for ${of.subscriber}`, {
      locks: () => rows.map(({ parkedId }) => newRow(eventParked, parkedId)),
      run: () => rows.forEach((row) => memory.insert(eventParked, row.parkedId, row)),
    });
  }

  /** Those of the rows that this transaction has locked. */
  private held(memory: MemoryTransaction, parkedIds: readonly number[]): ParkedRow[] {
    const { eventParked } = this.database;
    return parkedIds.filter((id) => eventParked.locks.get(id)?.holder === memory).flatMap((id) => memory.get(eventParked, id) ?? []);
  }

  private isDueNow(parkedId: number): boolean {
    const row = this.database.eventParked.rows.get(parkedId);
    return row !== undefined && isDue(row, this.database.nowMs);
  }

  private of({ subscriber, type, source }: Subscriber, rows: Iterable<ParkedRow>): ParkedRow[] {
    return [...rows].filter(({ of }) => of.subscriber === subscriber && of.type === type && of.source === source);
  }
}

const isDue = ({ nextAttemptAtMs }: ParkedRow, nowMs: number): boolean => nextAttemptAtMs !== null && nextAttemptAtMs <= nowMs;
