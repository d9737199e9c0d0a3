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
    const recorded = await this.seize(tx, step, sagaIds);
    return new Map(recorded.map(({ sagaId, state, record }) => [sagaId, { state, record } as Recorded]));
  }

  override async record(tx: Transaction, step: string, records: readonly StepRecord[]): Promise<void> {
    if (records.length === 0) return;
    await this.write(
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
    const recorded = await this.seize(tx, step, sagaIds);
    const acted = recorded.filter(({ state }) => state === 'DONE').map(({ sagaId, record }) => ({ sagaId, record }));
    if (acted.length > 0) await this.markUndone(tx, step, acted);
    const unheardOf = [...new Set(sagaIds)].filter((sagaId) => !recorded.some((row) => row.sagaId === sagaId));
    if (unheardOf.length > 0) {
      await this.write(
        tx,
        step,
        unheardOf.map((sagaId) => ({ sagaId, state: 'UNDONE', record: null })),
      );
    }
    return acted;
  }

  /** Waits until nobody else has any of these steps in hand; returns what is recorded of them. */
  private seize(tx: Transaction, step: string, sagaIds: readonly number[]): Promise<SagaStepRow[]> {
    const { sagaClaim, sagaStep } = this.database;
    const memory = memoryTransaction(tx);
    const keys = this.inOrder([...new Set(sagaIds)]).map((sagaId) => this.key(step, sagaId));
    void memory.statement(`claim ${keys.join(', ')}`, { locks: () => keys.map((key) => lockOf(sagaClaim, key)), run: () => {} });
    return memory.statement(`look at ${keys.join(', ')}`, { run: () => keys.flatMap((key) => memory.get(sagaStep, key) ?? []) });
  }

  private write(tx: Transaction, step: string, rows: readonly Omit<SagaStepRow, 'step'>[]): Promise<void> {
    const { sagaStep } = this.database;
    const memory = memoryTransaction(tx);
    return memory.statement(`write ${step} of ${rows.map(({ sagaId, state }) => `${sagaId} ${state}`).join(', ')}`, {
      locks: () => rows.map(({ sagaId }) => newRow(sagaStep, this.key(step, sagaId))),
      run: () => {
        for (const row of rows) memory.insert(sagaStep, this.key(step, row.sagaId), { step, ...row });
      },
    });
  }

  private markUndone(tx: Transaction, step: string, acted: readonly UndoneStep[]): Promise<void> {
    const { sagaStep } = this.database;
    const memory = memoryTransaction(tx);
    return memory.statement(`undo ${step} of ${acted.map(({ sagaId }) => sagaId).join(', ')}`, {
      locks: () => acted.map(({ sagaId }) => lockOf(sagaStep, this.key(step, sagaId))),
      run: () => {
        for (const { sagaId } of acted) memory.update(sagaStep, this.key(step, sagaId), () => ({ state: 'UNDONE' as const }));
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
