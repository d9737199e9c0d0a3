import { type PgTransaction, type Statement, pgTransaction, sql } from '../../database/database.js';
import type { Transaction } from '../../kernel/transaction.js';
import { type Recorded, SagaJournal, type StepRecord, type UndoneStep } from '../saga-journal.js';

interface StepRow {
  readonly saga_id: number;
  readonly state: 'CLAIMED' | 'DONE' | 'REFUSED' | 'UNDONE';
  readonly record: never;
}

/** The journal of one domain, in the `saga_step` table of its schema. */
export class PgSagaJournal extends SagaJournal {
  private readonly statements: ReturnType<typeof statementsFor>;

  constructor(domain: string) {
    super();
    this.statements = statementsFor(domain);
  }

  override async claim(tx: Transaction, step: string, sagaIds: readonly number[]): Promise<ReadonlyMap<number, Recorded>> {
    const known = await this.seize(pgTransaction(tx), this.statements.claim, step, sagaIds);
    return new Map(known.map(({ saga_id, state, record }) => [saga_id, { state, record } as Recorded]));
  }

  override record(tx: Transaction, step: string, records: readonly StepRecord[]): Promise<void> {
    if (records.length > 0) {
      pgTransaction(tx).send(this.statements.record, [
        step,
        records.map(({ sagaId }) => sagaId),
        records.map(({ outcome }) => (outcome.kind === 'done' ? 'DONE' : 'REFUSED')),
        records.map(({ outcome }) => JSON.stringify(outcome.kind === 'done' ? outcome.answer : outcome.refusal)),
      ]);
    }
    return Promise.resolve();
  }

  override async undo(tx: Transaction, step: string, sagaIds: readonly number[]): Promise<readonly UndoneStep[]> {
    const known = await this.seize(pgTransaction(tx), this.statements.entomb, step, sagaIds);
    // A refused step did nothing: its refusal stays on record, for it may be asked for again (J2).
    const acted = known.filter(({ state }) => state === 'DONE');
    if (acted.length > 0) await pgTransaction(tx).query(this.statements.undo, [step, acted.map(({ saga_id }) => saga_id)]);
    return acted.map(({ saga_id, record }) => ({ sagaId: saga_id, record }));
  }

  /**
   * Inserts the rows that are not there yet and returns, locked, those that were. An insert that meets another
   * transaction's uncommitted row waits for it (J1), and only the second statement's snapshot sees what it left.
   */
  private async seize(tx: PgTransaction, insert: Statement, step: string, sagaIds: readonly number[]): Promise<StepRow[]> {
    const wanted = [...new Set(sagaIds)].toSorted((a, b) => a - b);
    const inserted = new Set((await tx.query<{ saga_id: number }>(insert, [step, wanted])).map(({ saga_id }) => saga_id));
    const existing = wanted.filter((sagaId) => !inserted.has(sagaId));
    return existing.length === 0 ? [] : tx.query<StepRow>(this.statements.lock, [step, existing]);
  }
}

function statementsFor(domain: string) {
  const table = `shop_${domain}.saga_step`;
  const insertAs = (state: 'CLAIMED' | 'UNDONE'): string => `
    INSERT INTO ${table} (step, saga_id, state)
    SELECT $1, saga_id, '${state}' FROM unnest($2::bigint[]) AS wanted (saga_id) ORDER BY saga_id
    ON CONFLICT DO NOTHING
    RETURNING saga_id`;
  return {
    claim: sql(`messaging.${domain}.claim-saga-steps`, insertAs('CLAIMED')),
    entomb: sql(`messaging.${domain}.entomb-saga-steps`, insertAs('UNDONE')),
    lock: sql(
      `messaging.${domain}.lock-saga-steps`,
      `SELECT saga_id, state, record FROM ${table} WHERE step = $1 AND saga_id = ANY ($2::bigint[]) ORDER BY saga_id FOR UPDATE`,
    ),
    record: sql(
      `messaging.${domain}.record-saga-steps`,
      `UPDATE ${table} AS s SET state = r.state, record = r.record
       FROM unnest($2::bigint[], $3::text[], $4::jsonb[]) AS r (saga_id, state, record)
       WHERE s.step = $1 AND s.saga_id = r.saga_id`,
    ),
    undo: sql(
      `messaging.${domain}.undo-saga-steps`,
      `UPDATE ${table} SET state = 'UNDONE' WHERE step = $1 AND saga_id = ANY ($2::bigint[])`,
    ),
  };
}
