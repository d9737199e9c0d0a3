import type { Transaction } from '../../../src/kernel/transaction.js';
import { type Recorded, SagaJournal, type StepRecord, type UndoneStep } from '../../../src/messaging/saga-journal.js';
import type { MemoryDatabase, SagaStepRow } from './memory-database.js';
import { memoryTransaction } from './memory-unit-of-work.js';
import { lockOf, newRow } from './table.js';

/** The journal of one domain: the statements of `PgSagaJournal`, one by one. */
export class MemorySagaJournal extends SagaJournal {
  constructor(
    private readonly database: MemoryDatabase,
    private readonly domain: string,
  ) {
    super();
  }

  override async claim(tx: Transaction, step: string, sagaIds: readonly number[]): Promise<ReadonlyMap<number, Recorded>> {
    const known = await this.seize(tx, step, sagaIds, 'CLAIMED');
    return new Map(known.map(({ sagaId, state, record }) => [sagaId, { state, record } as Recorded]));
  }

  override async record(tx: Transaction, step: string, records: readonly StepRecord[]): Promise<void> {
    if (records.length === 0) return;
    await this.set(
      tx,
      step,
      records.map(({ sagaId, outcome }) => ({
        sagaId,
        state: outcome.kind === 'done' ? 'DONE' : 'REFUSED',
        record: asJson(outcome.kind === 'done' ? outcome.answer : outcome.refusal),
      })),
    );
  }

  override async undo(tx: Transaction, step: string, sagaIds: readonly number[]): Promise<readonly UndoneStep[]> {
    const known = await this.seize(tx, step, sagaIds, 'UNDONE');
    const acted = known.filter(({ state }) => state === 'DONE');
    if (acted.length > 0) {
      await this.set(
        tx,
        step,
        acted.map(({ sagaId }) => ({ sagaId, state: 'UNDONE' })),
      );
    }
    return acted.map(({ sagaId, record }) => ({ sagaId, record }));
  }

  /** Inserts what is not there, waiting for whoever is just inserting it; returns, locked, what was there. */
  private async seize(tx: Transaction, step: string, sagaIds: readonly number[], state: 'CLAIMED' | 'UNDONE'): Promise<SagaStepRow[]> {
    const { sagaStep } = this.database;
    const memory = memoryTransaction(tx);
    const wanted = this.inOrder([...new Set(sagaIds)]);
    const inserted = await memory.statement(`insert ${state} ${step} of ${wanted.join(', ')}`, {
      yieldsToExisting: true,
      // A committed row is not waited for, whoever may have locked it.
      locks: () => wanted.map((id) => this.key(step, id)).flatMap((key) => (sagaStep.rows.has(key) ? [] : [newRow(sagaStep, key)])),
      run: () =>
        wanted.filter((sagaId) => {
          const key = this.key(step, sagaId);
          if (memory.get(sagaStep, key)) return false;
          memory.insert(sagaStep, key, { step, sagaId, state, record: null });
          return true;
        }),
    });
    const existing = wanted.filter((sagaId) => !inserted.includes(sagaId));
    if (existing.length === 0) return [];
    const keys = existing.map((sagaId) => this.key(step, sagaId));
    return memory.statement(`lock ${step} of ${existing.join(', ')}`, {
      locks: () => keys.map((key) => lockOf(sagaStep, key)),
      run: () => keys.flatMap((key) => memory.get(sagaStep, key) ?? []),
    });
  }

  private set(tx: Transaction, step: string, changes: readonly Pick<SagaStepRow, 'sagaId' | 'state'>[]): Promise<void> {
    const { sagaStep } = this.database;
    const memory = memoryTransaction(tx);
    return memory.statement(`set ${step} of ${changes.map(({ sagaId, state }) => `${sagaId} ${state}`).join(', ')}`, {
      locks: () => changes.map(({ sagaId }) => lockOf(sagaStep, this.key(step, sagaId))),
      run: () => {
        for (const { sagaId, ...change } of changes) memory.update(sagaStep, this.key(step, sagaId), () => change);
      },
    });
  }

  /** J5. */
  inOrder(sagaIds: readonly number[]): readonly number[] {
    return sagaIds.toSorted((a, b) => a - b);
  }

  private key(step: string, sagaId: number): string {
    return `${this.domain} ${step} ${String(sagaId).padStart(6, '0')}`;
  }
}

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;
