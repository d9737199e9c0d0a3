import { type DomainDatabase, pgTransaction, sql } from '../../database/database.js';
import type { Transaction } from '../../kernel/transaction.js';
import { type CursorLease, CursorStore, type Floor, LOG_SHARDS, type ShardPosition, type Subscriber } from '../event-log.js';

/** The cursors of one domain's subscribers, in the `event_cursor` table of its schema. */
export class PgCursorStore extends CursorStore {
  private readonly statements: ReturnType<typeof statementsFor>;

  constructor(private readonly database: DomainDatabase) {
    super();
    this.statements = statementsFor(database.domain);
  }

  /** Those that have no cursors yet, or not in every shard. */
  async unopened(subscribers: readonly Subscriber[]): Promise<readonly Subscriber[]> {
    const rows = await this.database.query<Subscriber>(this.statements.unopened, [...columnsOf(subscribers), LOG_SHARDS]);
    return rows.map(({ subscriber, type, source }) => ({ subscriber, type, source }));
  }

  /** Makes the cursors of new subscribers, which begin with the oldest event that is kept. Only at the gate of their logs (R2). */
  async open(subscribers: readonly Subscriber[], floors: readonly Floor[]): Promise<void> {
    await this.database.query(this.statements.open, [...columnsOf(subscribers), LOG_SHARDS, ...floorColumnsOf(floors)]);
  }

  /** Which subscribers have not passed these positions. All cursors count, also those of a subscriber that no code has any more. */
  async behind(ends: readonly Floor[]): Promise<readonly string[]> {
    const rows = await this.database.query<{ subscriber: string }>(this.statements.behind, floorColumnsOf(ends));
    return rows.map(({ subscriber }) => subscriber);
  }

  override positions(of: Subscriber): Promise<readonly ShardPosition[]> {
    return this.database.query<ShardPosition>(this.statements.positions, [of.subscriber, of.type, of.source]);
  }

  override lock(tx: Transaction, of: Subscriber, shards: readonly number[]): Promise<readonly ShardPosition[]> {
    return pgTransaction(tx).query<ShardPosition>(this.statements.lock, [of.subscriber, of.type, of.source, shards]);
  }

  override lease(of: Subscriber, shards: readonly number[], { token, leaseMs }: CursorLease): Promise<readonly ShardPosition[]> {
    return this.database.query<ShardPosition>(this.statements.lease, [of.subscriber, of.type, of.source, shards, token, leaseMs]);
  }

  override lockLeased(tx: Transaction, of: Subscriber, shards: readonly number[], token: string): Promise<readonly ShardPosition[]> {
    return pgTransaction(tx).query<ShardPosition>(this.statements.lockLeased, [of.subscriber, of.type, of.source, shards, token]);
  }

  override async release(of: Subscriber, token: string): Promise<void> {
    await this.database.query(this.statements.release, [of.subscriber, of.type, of.source, token]);
  }

  override advance(tx: Transaction, of: Subscriber, to: readonly ShardPosition[]): Promise<void> {
    const shards = to.map(({ shard }) => shard);
    const positions = to.map(({ position }) => position);
    pgTransaction(tx).send(this.statements.advance, [of.subscriber, of.type, of.source, shards, positions]);
    return Promise.resolve();
  }

  override async moveBack(of: Subscriber, { shard, position }: ShardPosition): Promise<void> {
    await this.database.query(this.statements.moveBack, [of.subscriber, of.type, of.source, shard, position]);
  }
}

const columnsOf = (subscribers: readonly Subscriber[]): string[][] => [
  subscribers.map(({ subscriber }) => subscriber),
  subscribers.map(({ type }) => type),
  subscribers.map(({ source }) => source),
];

const floorColumnsOf = (floors: readonly Floor[]): unknown[][] => [
  floors.map(({ type }) => type),
  floors.map(({ source }) => source),
  floors.map(({ shard }) => shard),
  floors.map(({ position }) => position),
];

function statementsFor(domain: string) {
  const table = `shop_${domain}.event_cursor`;
  return {
    unopened: sql(
      `messaging.${domain}.find-unopened-cursors`,
      `SELECT subscriber, topic AS type, source
       FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (subscriber, topic, source)
       WHERE $4 > (SELECT count(*) FROM ${table} c WHERE (c.subscriber, c.topic, c.source) = (wanted.subscriber, wanted.topic, wanted.source))`,
    ),
    open: sql(
      `messaging.${domain}.open-cursors`,
      `INSERT INTO ${table} (subscriber, topic, source, shard, position)
       SELECT subscriber, topic, source, shard, coalesce(floor.position, 1) - 1
       FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (subscriber, topic, source)
       CROSS JOIN generate_series(0, $4::int - 1) AS shard
       LEFT JOIN unnest($5::text[], $6::text[], $7::smallint[], $8::bigint[]) AS floor (topic, source, shard, position) USING (topic, source, shard)
       ON CONFLICT DO NOTHING`,
    ),
    behind: sql(
      `messaging.${domain}.find-cursors-behind`,
      `SELECT DISTINCT subscriber
       FROM ${table} c JOIN unnest($1::text[], $2::text[], $3::smallint[], $4::bigint[]) AS passed (topic, source, shard, position) USING (topic, source, shard)
       WHERE c.position < passed.position ORDER BY subscriber`,
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
    lease: sql(
      `messaging.${domain}.lease-cursors`,
      `WITH free AS MATERIALIZED (
         SELECT shard FROM ${table}
         WHERE subscriber = $1 AND topic = $2 AND source = $3 AND shard = ANY ($4::smallint[])
           AND (lease_token IS NULL OR lease_token = $5 OR leased_until < clock_timestamp())
         ORDER BY shard FOR UPDATE SKIP LOCKED
       )
       UPDATE ${table} AS c SET lease_token = $5, leased_until = clock_timestamp() + $6 * interval '1 millisecond'
       FROM free WHERE c.subscriber = $1 AND c.topic = $2 AND c.source = $3 AND c.shard = free.shard
       RETURNING c.shard, c.position`,
    ),
    lockLeased: sql(
      `messaging.${domain}.lock-leased-cursors`,
      `SELECT shard, position FROM ${table}
       WHERE subscriber = $1 AND topic = $2 AND source = $3 AND shard = ANY ($4::smallint[]) AND lease_token = $5
       ORDER BY shard FOR UPDATE`,
    ),
    release: sql(
      `messaging.${domain}.release-cursors`,
      `UPDATE ${table} SET lease_token = NULL, leased_until = NULL
       WHERE subscriber = $1 AND topic = $2 AND source = $3 AND lease_token = $4`,
    ),
    advance: sql(
      `messaging.${domain}.advance-cursors`,
      `UPDATE ${table} AS c SET position = t.position, lease_token = NULL, leased_until = NULL
       FROM unnest($4::smallint[], $5::bigint[]) AS t (shard, position)
       WHERE c.subscriber = $1 AND c.topic = $2 AND c.source = $3 AND c.shard = t.shard AND c.position < t.position`,
    ),
    moveBack: sql(
      `messaging.${domain}.move-cursor-back`,
      `UPDATE ${table} SET position = $5 WHERE subscriber = $1 AND topic = $2 AND source = $3 AND shard = $4 AND position > $5`,
    ),
  };
}
