import { type Statement, sql } from '../../database/database.js';
import { type Check, bounded } from '../check.js';

/** `event_log_head` of all domains: what each says is the last position of a shard. */
const heads = (schemas: readonly string[]): string =>
  schemas
    .map((schema) => `SELECT '${domainOf(schema)}' AS source, topic, shard, next_position - 1 AS last FROM ${schema}.event_log_head`)
    .join(' UNION ALL ');

const domainOf = (schema: string): string => schema.replace(/^shop_/, '');

/** The first position of each shard that the log still keeps: older events went with their partition. */
const floors = (schemas: readonly string[]): string =>
  schemas
    .map(
      (schema) => `(SELECT DISTINCT ON (topic, shard) '${domainOf(schema)}' AS source, topic, shard, first_position AS floor
       FROM ${schema}.event_log_epoch_start JOIN ${schema}.event_log_epoch USING (epoch)
       WHERE retired_at IS NULL ORDER BY topic, shard, epoch)`,
    )
    .join(' UNION ALL ');

const positionsWithoutGap = (schemas: readonly string[]): Statement => {
  // What is retired counts as gone, and may be there a moment longer.
  const logs = schemas.map(
    (schema) =>
      `SELECT '${domainOf(schema)}' AS source, topic, shard, count(*) AS events, min(position) AS first, max(position) AS last
       FROM ${schema}.event_log
       WHERE epoch NOT IN (SELECT epoch FROM ${schema}.event_log_epoch WHERE retired_at IS NOT NULL) GROUP BY topic, shard`,
  );
  return sql(
    'audit.5.1',
    bounded(`
      SELECT shard AS subject, false AS pending,
             format('%s of %s, shard %s, should run from position %s to %s, and has %s event(s) from position %s to %s', topic, source, shard,
                    floor, coalesce(head_last::text, 'none'), events, coalesce(first::text, 'none'), coalesce(last::text, 'none')) AS sentence,
             jsonb_build_object('topic', topic, 'source', source, 'shard', shard, 'floor', floor, 'head', head_last, 'events', events,
                                'first', first, 'last', last) AS facts
      FROM (
        SELECT topic, source, shard, head.last AS head_last, coalesce(floor.floor, 1) AS floor, coalesce(log.events, 0) AS events, log.first, log.last
        FROM (${heads(schemas)}) head
        FULL JOIN (${logs.join(' UNION ALL ')}) log USING (source, topic, shard)
        LEFT JOIN (${floors(schemas)}) floor USING (source, topic, shard)
      ) shards
      WHERE head_last IS NULL OR head_last <> coalesce(last, floor - 1)
         OR events <> last - floor + 1 OR first <> floor`),
  );
};

// What lies between a cursor and the end of the log is on its way. What is parked is behind the cursor, so that it is not handled
// from the log as well; a dead letter waits for an operator, and nothing is wrong with the books.
const handledOnceOrParked = (schemas: readonly string[]): Statement => {
  const cursors = schemas.map((schema) => `SELECT subscriber, topic, source, shard, position FROM ${schema}.event_cursor`);
  const parked = schemas.map(
    (schema) => `SELECT subscriber, topic, source, shard, position, event_id, subject, state FROM ${schema}.event_parked`,
  );
  const logs = schemas.map((schema) => `SELECT '${domainOf(schema)}' AS source, topic, shard, position, event_id FROM ${schema}.event_log`);
  return sql(
    'audit.5.2',
    bounded(`
      SELECT min(shard) AS subject, pending,
             CASE WHEN pending THEN format('%s %s of %s wait(s) for %s', sum(events), topic, source, subscriber)
                  ELSE format('%s has handled %s more %s of %s than there are', subscriber, sum(-events), topic, source)
             END AS sentence,
             jsonb_build_object('subscriber', subscriber, 'topic', topic, 'source', source, 'events', sum(events)) AS facts
      FROM (
        SELECT subscriber, topic, source, shard, coalesce(head.last, 0) - cursor.position AS events, coalesce(head.last, 0) > cursor.position AS pending
        FROM (${cursors.join(' UNION ALL ')}) cursor
        LEFT JOIN (${heads(schemas)}) head USING (source, topic, shard)
      ) delivery
      WHERE events <> 0
      GROUP BY subscriber, topic, source, pending
      UNION ALL
      SELECT min(shard), true,
             CASE state WHEN 'DEAD' THEN format('%s dead letter(s) of %s: %s of %s', count(*), subscriber, topic, source)
                        ELSE format('%s %s of %s parked for %s', count(*), topic, source, subscriber) END,
             jsonb_build_object('subscriber', subscriber, 'topic', topic, 'source', source, 'state', state, 'events', count(*))
      FROM (${parked.join(' UNION ALL ')}) parked
      GROUP BY subscriber, topic, source, state
      UNION ALL
      SELECT parked.subject::bigint, false,
             CASE WHEN log.event_id IS DISTINCT FROM parked.event_id THEN format('%s has %s parked, which the log of %s does not have', subscriber, parked.event_id, source)
                  ELSE format('%s has %s parked, and has still to come to it in the log of %s', subscriber, parked.event_id, source) END,
             jsonb_build_object('subscriber', subscriber, 'source', source, 'event', parked.event_id, 'position', position)
      FROM (${parked.join(' UNION ALL ')}) parked
      LEFT JOIN (${cursors.join(' UNION ALL ')}) AS cursor (subscriber, topic, source, shard, reached) USING (subscriber, topic, source, shard)
      LEFT JOIN (${floors(schemas)}) floor USING (source, topic, shard)
      LEFT JOIN (${logs.join(' UNION ALL ')}) log USING (source, topic, shard, position)
      WHERE parked.position > coalesce(cursor.reached, 0)
         OR (log.event_id IS DISTINCT FROM parked.event_id AND parked.position >= coalesce(floor.floor, 1))`),
  );
};

/** @param schemas those with an event log. */
export const eventChecks = (schemas: readonly string[]): readonly Check[] => [
  {
    id: '5.1',
    title: 'event positions run from the oldest event kept to the last one without gap',
    examines: 'events',
    statement: positionsWithoutGap(schemas),
  },
  {
    id: '5.2',
    title: 'each event is handled once by each subscriber, or parked',
    examines: 'cursors',
    statement: handledOnceOrParked(schemas),
  },
];
