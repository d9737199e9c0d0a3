import { type PgTransaction, pgTransaction, sql } from '../../database/database.js';
import type { Transaction } from '../../kernel/transaction.js';
import { type Recorded, SagaJournal, type StepRecord, type UndoneStep } from '../saga-journal.js';

type StepRow = Recorded<never> & { readonly saga_id: number };

/** The journal of one domain, in the `saga_step` table of its schema. */
export class PgSagaJournal extends SagaJournal {
  private readonly statements: ReturnType<typeof statementsFor>;

  constructor(domain: string) {
    super();
    this.statements = statementsFor(domain);
  }

  override async claim(tx: Transaction, step: string, sagaIds: readonly number[]): Promise<ReadonlyMap<number, Recorded>> {
    const recorded = await this.seize(pgTransaction(tx), step, sagaIds);
    return new Map(recorded.map(({ saga_id, ...found }) => [saga_id, found]));
  }

  override record(tx: Transaction, step: string, records: readonly StepRecord[]): Promise<void> {
    if (records.length > 0) {
      pgTransaction(tx).send(this.statements.write, [
        step,
        records.map(({ sagaId }) => sagaId),
        records.map(({ outcome }) => (outcome.kind === 'done' ? 'DONE' : 'REFUSED')),
        records.map(({ outcome }) => JSON.stringify(outcome.kind === 'done' ? outcome.answer : outcome.refusal)),
      ]);
    }
    return Promise.resolve();
  }

  override async undo(tx: Transaction, step: string, sagaIds: readonly number[]): Promise<readonly UndoneStep[]> {
    const transaction = pgTransaction(tx);
    const recorded = await this.seize(transaction, step, sagaIds);
    // A refused step did nothing: its refusal stays on record, for it may be asked for again (J2).
    const acted = recorded.filter(({ state }) => state === 'DONE');
    if (acted.length > 0) transaction.send(this.statements.undo, [step, acted.map(({ saga_id }) => saga_id)]);
    const known = new Set(recorded.map(({ saga_id }) => saga_id));
    const unheardOf = [...new Set(sagaIds)].filter((sagaId) => !known.has(sagaId));
    if (unheardOf.length > 0) {
      transaction.send(this.statements.write, [step, unheardOf, unheardOf.map(() => 'UNDONE'), unheardOf.map(() => null)]);
    }
    return acted.map(({ saga_id, record }) => ({ sagaId: saga_id, record }));
  }

  /**
   * Waits until nobody else has any of these steps in hand, and returns what is recorded of them (J1). In two statements, because
   * only the snapshot of the second one has what the first has waited for.
   */
  private seize(tx: PgTransaction, step: string, sagaIds: readonly number[]): Promise<StepRow[]> {
    tx.send(this.statements.lock, [step, [...new Set(sagaIds)]]);
    return tx.query<StepRow>(this.statements.recorded, [step, sagaIds]);
  }
}

function statementsFor(domain: string) {
  const table = `shop_${domain}.saga_step`;
  return {
    // Until the transaction ends: a step that is not on record yet has no row to be locked. In order of the locks' keys (J5).
    lock: sql(
      `messaging.${domain}.lock-saga-steps`,
      `SELECT pg_advisory_xact_lock(key)
       FROM (
         SELECT hashint8extended(saga_id, hashtextextended('${table} ' || $1, 0)) AS key
         FROM unnest($2::bigint[]) AS wanted (saga_id) ORDER BY key
       ) AS keys`,
    ),
    recorded: sql(
      `messaging.${domain}.recorded-saga-steps`,
      `SELECT saga_id, state, record FROM ${table} WHERE step = $1 AND saga_id = ANY ($2::bigint[])`,
    ),
    write: sql(
      `messaging.${domain}.write-saga-steps`,
      `INSERT INTO ${table} (step, saga_id, state, record)
       SELECT $1, saga_id, state, record FROM unnest($2::bigint[], $3::text[], $4::jsonb[]) AS written (saga_id, state, record)`,
    ),
    undo: sql(
      `messaging.${domain}.undo-saga-steps`,
      `UPDATE ${table} SET state = 'UNDONE' WHERE step = $1 AND saga_id = ANY ($2::bigint[])`,
    ),
  };
}
