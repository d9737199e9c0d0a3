import { type DomainDatabase, pgTransaction, sql } from '../../database/database.js';
import type { Transaction } from '../../kernel/transaction.js';
import { CursorStore, LOG_SHARDS, type ShardPosition, type Subscriber } from '../event-log.js';

/** The cursors of one domain's subscribers, in the `event_cursor` table of its schema. */
export class PgCursorStore extends CursorStore {
  private readonly statements: ReturnType<typeof statementsFor>;

  constructor(private readonly database: DomainDatabase) {
    super();
    this.statements = statementsFor(database.domain);
  }

  /** Makes the rows of new subscribers, which begin with the oldest event that is kept. */
  async open(subscribers: readonly Subscriber[]): Promise<void> {
    await this.database.query(this.statements.open, [
      subscribers.map(({ subscriber }) => subscriber),
      subscribers.map(({ type }) => type),
      subscribers.map(({ source }) => source),
      LOG_SHARDS,
    ]);
  }

  override positions(of: Subscriber): Promise<readonly ShardPosition[]> {
    return this.database.query<ShardPosition>(this.statements.positions, [of.subscriber, of.type, of.source]);
  }

  override lock(tx: Transaction, of: Subscriber, shards: readonly number[]): Promise<readonly ShardPosition[]> {
    return pgTransaction(tx).query<ShardPosition>(this.statements.lock, [of.subscriber, of.type, of.source, shards]);
  }

  override async advance(tx: Transaction, of: Subscriber, to: readonly ShardPosition[]): Promise<void> {
    const shards = to.map(({ shard }) => shard);
    const positions = to.map(({ position }) => position);
    await pgTransaction(tx).query(this.statements.advance, [of.subscriber, of.type, of.source, shards, positions]);
  }

  /** For a subscriber whose effect got lost: it begins again after this place. A cursor that is before it stays. */
  async moveBack(of: Subscriber, { shard, position }: ShardPosition): Promise<void> {
    await this.database.query(this.statements.moveBack, [of.subscriber, of.type, of.source, shard, position]);
  }
}

function statementsFor(domain: string) {
  const table = `shop_${domain}.event_cursor`;
  return {
    open: sql(
      `messaging.${domain}.open-cursors`,
      `INSERT INTO ${table} (subscriber, topic, source, shard)
       SELECT subscriber, topic, source, shard
       FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (subscriber, topic, source), generate_series(0, $4::int - 1) AS shard
       ON CONFLICT DO NOTHING`,
    ),
    positions: sql(
      `messaging.${domain}.read-cursors`,
      `SELECT shard, position FROM ${table} WHERE subscriber = $1 AND topic = $2 AND source = $3 ORDER BY shard`,
    ),
    lock: sql(
      `messaging.${domain}.lock-cursors`,
      `SELECT shard, position FROM ${table}
       WHERE subscriber = $1 AND topic = $2 AND source = $3 AND shard = ANY ($4::smallint[])
       ORDER BY shard FOR UPDATE SKIP LOCKED`,
    ),
    advance: sql(
      `messaging.${domain}.advance-cursors`,
      `UPDATE ${table} AS c SET position = t.position
       FROM unnest($4::smallint[], $5::bigint[]) AS t (shard, position)
       WHERE c.subscriber = $1 AND c.topic = $2 AND c.source = $3 AND c.shard = t.shard AND c.position < t.position`,
    ),
    moveBack: sql(
      `messaging.${domain}.move-cursor-back`,
      `UPDATE ${table} SET position = $5 WHERE subscriber = $1 AND topic = $2 AND source = $3 AND shard = $4 AND position > $5`,
    ),
  };
}
