import { sql } from '../../database/database.js';
import { promoteBehind } from './pg-parked-events.js';

/** Rows of one transaction of a retry of many. */
export const RETRY_ROWS_MAX = 1_000;

const iso = (time: string): string => `to_char(${time} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

const LETTER = `
  parked_id, state, subscriber, topic, source, event_id, subject, never_gives_up, attempts, failures_total,
  ${iso('next_attempt_at')} AS next_attempt_at, ${iso('parked_at')} AS parked_at, failures -> -1 AS last_failure`;
const ACTION = `action_id, ${iso('at')} AS at, actor, action, reason, parked_id, subscriber, event_id, failures_total`;
const RECORDED = 'actor, action, reason, parked_id, subscriber, event_id, event, failures_total, failures';

// Lists are ordered by the column, not by the text of the same name that they answer: the index has the column.
export function deadLetterStatements(domain: string) {
  const parked = `shop_${domain}.event_parked`;
  const actions = `shop_${domain}.dead_letter_action`;
  /** Three parameters, from `first` on: a place in the list over all domains. The time alone is where the index begins. */
  const after = (first: number, time: string, number: string): string =>
    `${time} <= coalesce($${first}::timestamptz, 'infinity') AND ($${first} IS NULL OR (${time}, '${domain}' COLLATE "C", ${number}) < ($${first}, $${first + 1}::text COLLATE "C", $${first + 2}::bigint))`;
  return {
    list: sql(
      `messaging.${domain}.list-dead-letters`,
      `SELECT ${LETTER} FROM ${parked} letter
       WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR subscriber = $2) AND ($3::text IS NULL OR topic = $3)
         AND ${after(4, 'parked_at', 'parked_id')}
       ORDER BY letter.parked_at DESC, parked_id DESC LIMIT $7`,
    ),
    find: sql(`messaging.${domain}.find-dead-letter`, `SELECT ${LETTER}, event, failures FROM ${parked} WHERE parked_id = $1`),
    // Whoever tries it holds this lock for as long as the effect takes; an operator does not wait for that.
    lock: sql(`messaging.${domain}.lock-dead-letter`, `SELECT ${LETTER} FROM ${parked} WHERE parked_id = $1 FOR UPDATE SKIP LOCKED`),
    record: sql(
      `messaging.${domain}.record-dead-letter-action`,
      `INSERT INTO ${actions} (${RECORDED})
       SELECT $2, $3, $4, parked_id, subscriber, event_id, event, failures_total, failures FROM ${parked} WHERE parked_id = $1
       RETURNING ${ACTION}`,
    ),
    revive: sql(
      `messaging.${domain}.revive-dead-letter`,
      `UPDATE ${parked} SET state = 'WAITING', attempts = 0, next_attempt_at = statement_timestamp() WHERE parked_id = $1`,
    ),
    reviveMany: sql(
      `messaging.${domain}.revive-dead-letters`,
      `WITH picked AS (
         SELECT * FROM ${parked}
         WHERE state = 'DEAD' AND ($1::text IS NULL OR subscriber = $1) AND ($2::text IS NULL OR topic = $2)
         ORDER BY parked_id LIMIT ${RETRY_ROWS_MAX} FOR UPDATE SKIP LOCKED
       ), revived AS (
         UPDATE ${parked} AS p SET state = 'WAITING', attempts = 0, next_attempt_at = statement_timestamp()
         FROM picked WHERE p.parked_id = picked.parked_id
       )
       INSERT INTO ${actions} (${RECORDED})
       SELECT $3, 'RETRY', NULL, parked_id, subscriber, event_id, event, failures_total, failures FROM picked
       RETURNING action_id`,
    ),
    drop: sql(
      `messaging.${domain}.drop-dead-letter`,
      `WITH gone AS (DELETE FROM ${parked} WHERE parked_id = $1 RETURNING subscriber, topic, source, subject, position)
       ${promoteBehind(parked, 'gone')}`,
    ),
    actions: sql(
      `messaging.${domain}.list-dead-letter-actions`,
      `SELECT ${ACTION} FROM ${actions} done WHERE ${after(1, 'at', 'action_id')} ORDER BY done.at DESC, action_id DESC LIMIT $4`,
    ),
  };
}
