import { type Statement, sql } from '../../database/database.js';

const ms = (parameter: string): string => `now() - ${parameter} * interval '1 millisecond'`;

/** The statements of {@link PgLogEpochs} for the log of one domain. */
export function logEpochStatements(domain: string) {
  const schema = `shop_${domain}`;
  const log = `${schema}.event_log`;
  const partition = (epoch: number): string => `${log}_${epoch}`;
  const advisory = (what: string): string => `hashtextextended('ordersaga ${what} ${domain}', 0)`;

  // The oldest epoch that is not retired, if the next one began before the retention: all its events are older.
  const retirable = (retentionMs: string): string => `
    SELECT min(epoch) AS epoch FROM ${schema}.event_log_epoch live
    WHERE retired_at IS NULL
    HAVING EXISTS (SELECT FROM ${schema}.event_log_epoch later WHERE later.epoch > min(live.epoch) AND later.began_at <= ${ms(retentionMs)})
       AND min(live.epoch) < ALL (SELECT epoch FROM ${schema}.event_log_head)`;

  // A statement that was under way when the partition was attached does not know it yet: hence the pause.
  const beginnable = (epochMs: string, graceMs: string): string => `
    SELECT epoch FROM ${schema}.event_log_epoch
    WHERE began_at IS NULL AND made_at <= ${ms(graceMs)} AND (SELECT max(began_at) FROM ${schema}.event_log_epoch) <= ${ms(epochMs)}`;
  const unprepared = `
    SELECT max(epoch) + 1 AS epoch FROM ${schema}.event_log_epoch HAVING count(*) FILTER (WHERE began_at IS NULL) = 0`;

  return {
    isAnythingDue: sql(
      `messaging.${domain}.is-log-work-due`,
      `SELECT EXISTS (${unprepared})
           OR EXISTS (${beginnable('$1', '$3')})
           OR EXISTS (${retirable('$2')})
           OR EXISTS (SELECT FROM ${schema}.event_log_epoch WHERE retired_at <= ${ms('$3')}) AS due`,
    ),
    beTheOnlyOne: sql(`messaging.${domain}.be-the-only-janitor`, `SELECT pg_try_advisory_lock(${advisory('janitor')}) AS taken`),
    letOthers: sql(`messaging.${domain}.let-other-janitors`, `SELECT pg_advisory_unlock(${advisory('janitor')})`),
    holdGateAlone: sql(`messaging.${domain}.hold-gate-alone`, `SELECT pg_try_advisory_xact_lock(${advisory('gate')}) AS taken`),
    holdGate: sql(`messaging.${domain}.hold-gate`, `SELECT pg_advisory_xact_lock_shared(${advisory('gate')})`),
    floors: sql(
      `messaging.${domain}.read-floors`,
      `SELECT topic AS type, shard, first_position AS position FROM ${schema}.event_log_floor`,
    ),

    epochToPrepare: sql(`messaging.${domain}.epoch-to-prepare`, unprepared),
    makePartition: (epoch: number): Statement =>
      sql(`messaging.${domain}.make-partition-${epoch}`, `CREATE TABLE ${partition(epoch)} (LIKE ${log} INCLUDING ALL)`),
    attachPartition: (epoch: number): Statement =>
      sql(
        `messaging.${domain}.attach-partition-${epoch}`,
        `ALTER TABLE ${log} ATTACH PARTITION ${partition(epoch)} FOR VALUES IN (${epoch})`,
      ),
    noteEpoch: sql(`messaging.${domain}.note-epoch`, `INSERT INTO ${schema}.event_log_epoch (epoch) VALUES ($1)`),

    epochToBegin: sql(`messaging.${domain}.epoch-to-begin`, beginnable('$1', '$2')),
    begin: sql(`messaging.${domain}.begin-epoch`, `UPDATE ${schema}.event_log_epoch SET began_at = now() WHERE epoch = $1`),
    // In the order in which appends lock them.
    moveHeads: sql(
      `messaging.${domain}.move-heads`,
      `WITH locked AS MATERIALIZED (
         SELECT topic, shard FROM ${schema}.event_log_head ORDER BY topic, shard FOR UPDATE
       ), moved AS (
         UPDATE ${schema}.event_log_head h SET epoch = $1
         FROM locked l WHERE h.topic = l.topic AND h.shard = l.shard
         RETURNING h.topic, h.shard, h.next_position
       )
       INSERT INTO ${schema}.event_log_epoch_start (topic, shard, epoch, first_position)
       SELECT topic, shard, $1, next_position FROM moved`,
    ),

    epochToRetire: sql(`messaging.${domain}.epoch-to-retire`, retirable('$1')),
    endsOf: sql(
      `messaging.${domain}.ends-of-epoch`,
      `SELECT DISTINCT ON (topic, shard) topic AS type, shard, first_position - 1 AS position
       FROM ${schema}.event_log_epoch_start WHERE epoch > $1 ORDER BY topic, shard, epoch`,
    ),
    retire: sql(`messaging.${domain}.retire-epoch`, `UPDATE ${schema}.event_log_epoch SET retired_at = now() WHERE epoch = $1`),

    epochToDrop: sql(
      `messaging.${domain}.epoch-to-drop`,
      `SELECT e.epoch, i.inhrelid IS NOT NULL AS "isAttached", coalesce(i.inhdetachpending, false) AS "isDetaching"
       FROM ${schema}.event_log_epoch e
       LEFT JOIN pg_inherits i ON i.inhrelid = to_regclass('${log}_' || e.epoch)
       WHERE e.retired_at <= ${ms('$1')}
       ORDER BY e.epoch LIMIT 1`,
    ),
    detachPartition: (epoch: number, how: 'CONCURRENTLY' | 'FINALIZE'): Statement =>
      sql(`messaging.${domain}.detach-partition-${epoch}-${how}`, `ALTER TABLE ${log} DETACH PARTITION ${partition(epoch)} ${how}`),
    dropPartition: (epoch: number): Statement =>
      sql(`messaging.${domain}.drop-partition-${epoch}`, `DROP TABLE IF EXISTS ${partition(epoch)}`),
    forget: sql(
      `messaging.${domain}.forget-epoch`,
      `WITH starts AS (DELETE FROM ${schema}.event_log_epoch_start WHERE epoch = $1)
       DELETE FROM ${schema}.event_log_epoch WHERE epoch = $1`,
    ),
  };
}
