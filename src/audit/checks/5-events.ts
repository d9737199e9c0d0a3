import { type Statement, sql } from '../../database/database.js';
import { type Check, bounded } from '../check.js';

/** `event_log_head` of all domains: what each says is the last position of a shard. */
const heads = (schemas: readonly string[]): string =>
  schemas
    .map((schema) => `SELECT '${domainOf(schema)}' AS source, topic, shard, next_position - 1 AS last FROM ${schema}.event_log_head`)
    .join(' UNION ALL ');

const domainOf = (schema: string): string => schema.replace(/^shop_/, '');

const positionsWithoutGap = (schemas: readonly string[]): Statement => {
  const logs = schemas.map(
    (schema) =>
      `SELECT '${domainOf(schema)}' AS source, topic, shard, count(*) AS events, min(position) AS first, max(position) AS last
       FROM ${schema}.event_log GROUP BY topic, shard`,
  );
  return sql(
    'audit.5.1',
    bounded(`
      SELECT shard AS subject, false AS pending,
             format('%s of %s, shard %s, should end at position %s, and has %s event(s) from position %s to %s', topic, source, shard,
                    coalesce(head.last::text, 'none'), coalesce(log.events, 0), coalesce(log.first::text, 'none'), coalesce(log.last::text, 'none')) AS sentence,
             jsonb_build_object('topic', topic, 'source', source, 'shard', shard, 'head', head.last, 'events', coalesce(log.events, 0),
                                'first', log.first, 'last', log.last) AS facts
      FROM (${heads(schemas)}) head
      FULL JOIN (${logs.join(' UNION ALL ')}) log USING (source, topic, shard)
      WHERE head.last IS NULL OR head.last <> coalesce(log.last, 0)
         OR log.events <> log.last OR log.first <> 1`),
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
      LEFT JOIN (${logs.join(' UNION ALL ')}) log USING (source, topic, shard, position)
      WHERE parked.position > coalesce(cursor.reached, 0) OR log.event_id IS DISTINCT FROM parked.event_id`),
  );
};

/** @param schemas those with an event log. */
export const eventChecks = (schemas: readonly string[]): readonly Check[] => [
  { id: '5.1', title: 'event positions run from 1 without gap', examines: 'events', statement: positionsWithoutGap(schemas) },
  {
    id: '5.2',
    title: 'each event is handled once by each subscriber, or parked',
    examines: 'cursors',
    statement: handledOnceOrParked(schemas),
  },
];
