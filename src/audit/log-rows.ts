import { sql, type Statement } from '../database/database.js';
import type { SnapshotSession } from '../database/snapshot-session.js';
import { overCopies } from './check.js';
import { COMPENSATING, cursors, listOf, parked } from './event-tables.js';

const ROWS_PER_LOOK_MAX = 1_000;

interface Place {
  readonly topic: string;
  readonly shard: number;
  readonly position: number;
}

interface LogRow extends Place {
  readonly event_id: string;
  readonly time: Date;
}

interface Lookup {
  readonly log: SnapshotSession;
  readonly publisher: string;
  readonly home: SnapshotSession;
  readonly subscribers: readonly string[];
  /** Those whose tables are copies at home. */
  readonly copied: readonly string[];
}

/**
 * Copies of a publisher's log what checks between domains look at: the rows of parked events, and of each compensation the
 * first that a subscriber has not handled. The log may be long; these are few.
 */
export async function copyLogRows({ log, publisher, home, subscribers, copied }: Lookup): Promise<void> {
  const wanted = wantedPlaces(publisher, subscribers, copied);
  const found = sql(`audit.${publisher}.log-rows`, logRowsOf(publisher));
  const keep = sql(`audit.${publisher}.keep-log-rows`, keepRowsOf(publisher));
  for (let after: Place = { topic: '', shard: 0, position: 0 }; ;) {
    const places = await home.query<Place>(wanted, [after.topic, after.shard, after.position]);
    const last = places.at(-1);
    if (!last) return;
    const rows = await log.query<LogRow>(found, columnsOf(places));
    await home.query(keep, [...columnsOf(rows), rows.map(({ event_id }) => event_id), rows.map(({ time }) => time)]);
    after = last;
  }
}

const columnsOf = (places: readonly Place[]): unknown[] => [
  places.map(({ topic }) => topic),
  places.map(({ shard }) => shard),
  places.map(({ position }) => position),
];

const wantedPlaces = (publisher: string, subscribers: readonly string[], copied: readonly string[]): Statement =>
  sql(
    `audit.${publisher}.wanted-log-rows`,
    overCopies(
      `SELECT topic, shard, position FROM (
         SELECT topic, shard, position FROM (${parked(subscribers)}) parked WHERE source = '${publisher}'
         UNION
         SELECT topic, shard, position + 1 FROM (${cursors(subscribers)}) cursor WHERE source = '${publisher}' AND topic IN (${listOf(COMPENSATING)})
       ) wanted
       WHERE (topic, shard, position) > ($1, $2::smallint, $3::bigint)
       ORDER BY topic, shard, position LIMIT ${ROWS_PER_LOOK_MAX}`,
      copied,
    ),
  );

const logRowsOf = (publisher: string): string => `
  SELECT topic, shard, position, event_id, time
  FROM unnest($1::text[], $2::smallint[], $3::bigint[]) AS wanted (topic, shard, position)
  JOIN shop_${publisher}.event_log USING (topic, shard, position)`;

const keepRowsOf = (publisher: string): string => `
  INSERT INTO pg_temp.shop_${publisher}_event_log (topic, shard, position, event_id, time)
  SELECT * FROM unnest($1::text[], $2::smallint[], $3::bigint[], $4::text[], $5::timestamptz[])`;
