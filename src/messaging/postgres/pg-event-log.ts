import { type DomainDatabase, pgTransaction, sql } from '../../database/database.js';
import { failpoint } from '../../kernel/failpoint.js';
import type { Transaction } from '../../kernel/transaction.js';
import type { ShopEvent } from '../event.js';
import { EventLog, LOG_SHARDS, type LoggedEvent, type ShardPosition, shardOf } from '../event-log.js';

interface LogRow {
  readonly topic: string;
  readonly shard: number;
  readonly position: number;
  readonly event_id: string;
  readonly subject: string;
  readonly dataschema: string;
  readonly time: Date;
  readonly data: unknown;
}

/** The log of one domain, in the `event_log` and `event_log_head` tables of its schema. */
export class PgEventLog extends EventLog {
  private readonly statements: ReturnType<typeof statementsFor>;

  constructor(private readonly database: DomainDatabase) {
    super();
    this.statements = statementsFor(database.domain);
  }

  override get source(): string {
    return this.database.domain;
  }

  /** Makes the head rows of the topics that this domain publishes; without them nothing can be appended. */
  async open(topics: readonly string[]): Promise<void> {
    await this.database.query(this.statements.open, [topics, LOG_SHARDS]);
  }

  override append(tx: Transaction, events: readonly ShopEvent[]): Promise<void> {
    const transaction = pgTransaction(tx);
    failpoint(transaction.name, 'before append');
    transaction.send(this.statements.append, [
      events.map(({ type }) => type),
      events.map(({ subject }) => shardOf(subject)),
      events.map(({ id }) => id),
      events.map(({ subject }) => subject),
      events.map(({ dataschema }) => dataschema),
      events.map(({ time }) => time),
      events.map(({ data }) => JSON.stringify(data)),
    ]);
    return Promise.resolve();
  }

  override async read(type: string, after: readonly ShardPosition[], rowsMaxPerShard: number): Promise<readonly LoggedEvent[]> {
    const shards = after.map(({ shard }) => shard);
    const positions = after.map(({ position }) => position);
    const rows = await this.database.query<LogRow>(this.statements.read, [type, shards, positions, rowsMaxPerShard]);
    return rows.map((row) => ({
      id: row.event_id,
      type: row.topic,
      source: this.source,
      subject: row.subject,
      time: row.time.toISOString(),
      dataschema: row.dataschema,
      data: row.data,
      shard: row.shard,
      position: row.position,
    }));
  }

  override heads(type: string): Promise<readonly ShardPosition[]> {
    return this.database.query<ShardPosition>(this.statements.heads, [type]);
  }
}

function statementsFor(domain: string) {
  const schema = `shop_${domain}`;
  return {
    open: sql(
      `messaging.${domain}.open-log`,
      `WITH opened AS (
         INSERT INTO ${schema}.event_log_head (topic, shard, epoch)
         SELECT topic, shard, (SELECT max(epoch) FROM ${schema}.event_log_epoch WHERE began_at IS NOT NULL)
         FROM unnest($1::text[]) AS topic, generate_series(0, $2::int - 1) AS shard
         ON CONFLICT DO NOTHING
         RETURNING topic, shard, epoch, next_position
       )
       INSERT INTO ${schema}.event_log_epoch_start (topic, shard, epoch, first_position)
       SELECT topic, shard, epoch, next_position FROM opened`,
    ),
    // The heads are locked in one order by all writers, or two batches that meet on two shards would deadlock. An event of a topic
    // without head rows gets no epoch, which no partition takes (L1): it would be lost in silence.
    append: sql(
      `messaging.${domain}.append-events`,
      `WITH incoming AS (
         SELECT *, row_number() OVER (PARTITION BY topic, shard ORDER BY ordinal) - 1 AS offset_in_shard
         FROM unnest($1::text[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::jsonb[])
           WITH ORDINALITY AS e (topic, shard, event_id, subject, dataschema, time, data, ordinal)
       ), counted AS (
         SELECT topic, shard, count(*) AS events FROM incoming GROUP BY topic, shard
       ), locked AS MATERIALIZED (
         SELECT h.topic, h.shard, c.events
         FROM ${schema}.event_log_head h JOIN counted c USING (topic, shard)
         ORDER BY h.topic, h.shard
         FOR UPDATE OF h
       ), advanced AS (
         UPDATE ${schema}.event_log_head h SET next_position = h.next_position + l.events
         FROM locked l WHERE h.topic = l.topic AND h.shard = l.shard
         RETURNING h.topic, h.shard, h.epoch, h.next_position - l.events AS first_position
       )
       INSERT INTO ${schema}.event_log (epoch, topic, shard, position, event_id, subject, dataschema, time, data)
       SELECT a.epoch, i.topic, i.shard, a.first_position + i.offset_in_shard, i.event_id, i.subject, i.dataschema, i.time, i.data
       FROM incoming i LEFT JOIN advanced a USING (topic, shard)`,
    ),
    // The epoch of the next position spares the partitions before it: whoever keeps up looks into the last one only.
    read: sql(
      `messaging.${domain}.read-events`,
      `SELECT e.*
       FROM unnest($2::smallint[], $3::bigint[]) AS after (shard, position)
       CROSS JOIN LATERAL (
         SELECT epoch FROM ${schema}.event_log_epoch_start s
         WHERE s.topic = $1 AND s.shard = after.shard AND s.first_position <= after.position + 1
         ORDER BY s.epoch DESC LIMIT 1
       ) first
       CROSS JOIN LATERAL (
         SELECT * FROM ${schema}.event_log l
         WHERE l.topic = $1 AND l.shard = after.shard AND l.position > after.position AND l.epoch >= first.epoch
         ORDER BY l.position LIMIT $4
       ) e
       ORDER BY e.shard, e.position`,
    ),
    heads: sql(
      `messaging.${domain}.read-heads`,
      `SELECT shard, next_position - 1 AS position FROM ${schema}.event_log_head WHERE topic = $1 AND next_position > 1 ORDER BY shard`,
    ),
  };
}
