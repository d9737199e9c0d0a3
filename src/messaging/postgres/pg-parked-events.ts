import { type DomainDatabase, pgTransaction, sql } from '../../database/database.js';
import type { Transaction } from '../../kernel/transaction.js';
import type { ShopEvent } from '../event.js';
import type { LoggedEvent, Subscriber } from '../event-log.js';
import { type FailedEvent, type FailureNote, type Outlook, type ParkedCount, type ParkedEvent, ParkedEvents } from '../parked-events.js';

/** Of the failures of one event, the latest are kept. */
const FAILURES_KEPT_MAX = 50;

interface ParkedRow {
  readonly parked_id: number;
  readonly attempts: number;
  readonly shard: number;
  readonly position: number;
  readonly event: ShopEvent;
}

/** The parked events of one domain's subscribers, in the `event_parked` table of its schema. */
export class PgParkedEvents extends ParkedEvents {
  private readonly statements: ReturnType<typeof statementsFor>;

  constructor(private readonly database: DomainDatabase) {
    super();
    this.statements = statementsFor(database.domain);
  }

  override async blocked(tx: Transaction, of: Subscriber, subjects: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await pgTransaction(tx).query<{ subject: string }>(this.statements.blocked, [...keyOf(of), subjects]);
    return new Set(rows.map(({ subject }) => subject));
  }

  override async park(tx: Transaction, of: Subscriber, { event, failure, retryInMs, neverGivesUp }: FailedEvent): Promise<void> {
    await pgTransaction(tx).query(this.statements.park, [
      ...keyOf(of),
      event.shard,
      event.position,
      event.id,
      event.subject,
      envelopeOf(event),
      neverGivesUp,
      retryInMs,
      JSON.stringify(failure),
    ]);
  }

  override async parkBehind(tx: Transaction, of: Subscriber, events: readonly LoggedEvent[], neverGivesUp: boolean): Promise<void> {
    await pgTransaction(tx).query(this.statements.parkBehind, [
      ...keyOf(of),
      events.map(({ shard }) => shard),
      events.map(({ position }) => position),
      events.map(({ id }) => id),
      events.map(({ subject }) => subject),
      events.map(envelopeOf),
      neverGivesUp,
    ]);
  }

  override async outlook(of: Subscriber, rowsMax: number): Promise<Outlook> {
    const [row] = await this.database.query<{ due: readonly string[]; next_in_ms: number | null; any_behind: boolean }>(
      this.statements.outlook,
      [...keyOf(of), rowsMax],
    );
    return { due: (row?.due ?? []).map(Number), nextInMs: row?.next_in_ms ?? null, anyBehind: row?.any_behind ?? false };
  }

  override async claim(tx: Transaction, parkedIds: readonly number[]): Promise<readonly ParkedEvent[]> {
    return (await pgTransaction(tx).query<ParkedRow>(this.statements.claim, [parkedIds])).map(parkedOf);
  }

  override async lease(parkedIds: readonly number[], leaseMs: number, held: boolean): Promise<readonly ParkedEvent[]> {
    return (await this.database.query<ParkedRow>(this.statements.lease, [parkedIds, leaseMs, held])).map(parkedOf);
  }

  override async remove(tx: Transaction, parkedIds: readonly number[]): Promise<void> {
    await pgTransaction(tx).query(this.statements.remove, [parkedIds]);
  }

  override async fail(
    tx: Transaction,
    { parkedId, attempts }: ParkedEvent,
    failure: FailureNote,
    retryInMs: number | null,
  ): Promise<number | null> {
    const values = [parkedId, attempts, JSON.stringify(failure), retryInMs];
    const [noted] = await pgTransaction(tx).query<{ failures_total: number }>(this.statements.fail, values);
    return noted?.failures_total ?? null;
  }

  override async promote(of: Subscriber): Promise<number> {
    return (await this.database.query(this.statements.promote, keyOf(of))).length;
  }

  override async count(of: Subscriber): Promise<ParkedCount> {
    const [row] = await this.database.query<ParkedCount>(this.statements.count, keyOf(of));
    return row ?? { waiting: 0, dead: 0 };
  }
}

const keyOf = ({ subscriber, type, source }: Subscriber): string[] => [subscriber, type, source];

function envelopeOf({ shard: _shard, position: _position, ...event }: LoggedEvent): string {
  return JSON.stringify(event);
}

const parkedOf = ({ parked_id, attempts, shard, position, event }: ParkedRow): ParkedEvent => ({
  parkedId: parked_id,
  attempts,
  event: { ...event, shard, position },
});

function statementsFor(domain: string) {
  const table = `shop_${domain}.event_parked`;
  const noted = (failure: string): string => `jsonb_build_object('at', clock_timestamp()) || ${failure}::jsonb`;
  const inMs = (ms: string): string => `statement_timestamp() + ${ms}::float8 * interval '1 millisecond'`;
  return {
    blocked: sql(
      `messaging.${domain}.blocked-subjects`,
      `SELECT subject FROM unnest($4::text[]) AS asked (subject)
       WHERE EXISTS (
         SELECT FROM ${table} p WHERE p.subscriber = $1 AND p.topic = $2 AND p.source = $3 AND p.subject = asked.subject
       )`,
    ),
    park: sql(
      `messaging.${domain}.park-event`,
      `INSERT INTO ${table} (subscriber, topic, source, shard, position, event_id, subject, event, never_gives_up,
                             attempts, failures_total, next_attempt_at, failures)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, 1, 1, ${inMs('$10')}, jsonb_build_array(${noted('$11')}))`,
    ),
    parkBehind: sql(
      `messaging.${domain}.park-events-behind`,
      `INSERT INTO ${table} (subscriber, topic, source, shard, position, event_id, subject, event, never_gives_up, attempts, failures_total)
       SELECT $1, $2, $3, shard, position, event_id, subject, event, $9, 0, 0
       FROM unnest($4::smallint[], $5::bigint[], $6::text[], $7::text[], $8::jsonb[]) AS e (shard, position, event_id, subject, event)`,
    ),
    outlook: sql(
      `messaging.${domain}.parked-outlook`,
      `SELECT
         ARRAY(SELECT parked_id FROM ${table} WHERE subscriber = $1 AND topic = $2 AND source = $3 AND next_attempt_at <= statement_timestamp()
               ORDER BY next_attempt_at LIMIT $4) AS due,
         (SELECT (extract(epoch FROM min(next_attempt_at) - statement_timestamp()) * 1000)::float8 FROM ${table}
          WHERE subscriber = $1 AND topic = $2 AND source = $3 AND next_attempt_at > statement_timestamp()) AS next_in_ms,
         EXISTS (SELECT FROM ${table}
                 WHERE subscriber = $1 AND topic = $2 AND source = $3 AND state = 'WAITING' AND next_attempt_at IS NULL) AS any_behind`,
    ),
    // Dead and rescheduled meanwhile: neither is due any more.
    claim: sql(
      `messaging.${domain}.claim-parked-events`,
      `SELECT parked_id, attempts, shard, position, event FROM ${table}
       WHERE parked_id = ANY ($1::bigint[]) AND next_attempt_at <= statement_timestamp()
       ORDER BY parked_id FOR UPDATE SKIP LOCKED`,
    ),
    lease: sql(
      `messaging.${domain}.lease-parked-events`,
      `UPDATE ${table} AS p SET next_attempt_at = ${inMs('$2')}
       FROM (
         SELECT parked_id FROM ${table}
         WHERE parked_id = ANY ($1::bigint[]) AND next_attempt_at IS NOT NULL AND ($3 OR next_attempt_at <= statement_timestamp())
         ORDER BY parked_id FOR UPDATE SKIP LOCKED
       ) free
       WHERE p.parked_id = free.parked_id
       RETURNING p.parked_id, p.attempts, p.shard, p.position, p.event`,
    ),
    remove: sql(
      `messaging.${domain}.remove-parked-events`,
      `WITH gone AS (
         DELETE FROM ${table} WHERE parked_id = ANY ($1::bigint[]) RETURNING subscriber, topic, source, subject, position
       )
       ${promoteBehind(table, 'gone')}`,
    ),
    fail: sql(
      `messaging.${domain}.fail-parked-event`,
      `UPDATE ${table} SET
         attempts = attempts + 1,
         failures_total = failures_total + 1,
         failures = CASE WHEN jsonb_array_length(failures) >= ${FAILURES_KEPT_MAX} THEN failures - 0 ELSE failures END
                    || jsonb_build_array(${noted('$3')}),
         state = CASE WHEN $4::float8 IS NULL THEN 'DEAD' ELSE 'WAITING' END,
         next_attempt_at = ${inMs('$4')}
       WHERE parked_id = $1 AND attempts = $2 AND next_attempt_at IS NOT NULL
       RETURNING failures_total`,
    ),
    promote: sql(
      `messaging.${domain}.promote-parked-events`,
      `UPDATE ${table} AS p SET next_attempt_at = statement_timestamp()
       WHERE subscriber = $1 AND topic = $2 AND source = $3 AND state = 'WAITING' AND next_attempt_at IS NULL AND NOT EXISTS (
         SELECT FROM ${table} earlier
         WHERE earlier.subscriber = $1 AND earlier.topic = $2 AND earlier.source = $3 AND earlier.subject = p.subject AND earlier.position < p.position
       )
       RETURNING parked_id`,
    ),
    count: sql(
      `messaging.${domain}.count-parked-events`,
      `SELECT count(*) FILTER (WHERE state = 'WAITING') AS waiting, count(*) FILTER (WHERE state = 'DEAD') AS dead
       FROM ${table} WHERE subscriber = $1 AND topic = $2 AND source = $3`,
    ),
  };
}

/** K2: the next of each key whose first row is gone. `gone` names rows of (subscriber, topic, source, subject, position). */
export const promoteBehind = (table: string, gone: string): string => `
  UPDATE ${table} AS p SET next_attempt_at = statement_timestamp()
  FROM ${gone} CROSS JOIN LATERAL (
    SELECT parked_id FROM ${table} behind
    WHERE behind.subscriber = ${gone}.subscriber AND behind.topic = ${gone}.topic AND behind.source = ${gone}.source
      AND behind.subject = ${gone}.subject AND behind.position > ${gone}.position
    ORDER BY behind.position LIMIT 1
  ) next
  WHERE p.parked_id = next.parked_id AND p.state = 'WAITING'`;
