import type { Check } from '../check.js';
import { cursors, floors, heads, logs, parked } from '../event-tables.js';

// What is retired counts as gone, and may be there a moment longer.
const positionsWithoutGap = (domain: string): string => `
  SELECT shard AS subject, false AS pending,
         format('%s of %s, shard %s, should run from position %s to %s, and has %s event(s) from position %s to %s', topic, source, shard,
                floor, coalesce(head_last::text, 'none'), events, coalesce(first::text, 'none'), coalesce(last::text, 'none')) AS sentence,
         jsonb_build_object('topic', topic, 'source', source, 'shard', shard, 'floor', floor, 'head', head_last, 'events', events,
                            'first', first, 'last', last) AS facts
  FROM (
    SELECT topic, source, shard, head.last AS head_last, coalesce(kept.floor, 1) AS floor, coalesce(log.events, 0) AS events, log.first, log.last
    FROM (${heads([domain])}) head
    FULL JOIN (
      SELECT '${domain}' AS source, topic, shard, count(*) AS events, min(position) AS first, max(position) AS last
      FROM shop_${domain}.event_log
      WHERE epoch NOT IN (SELECT epoch FROM shop_${domain}.event_log_epoch WHERE retired_at IS NOT NULL)
      GROUP BY topic, shard
    ) log USING (source, topic, shard)
    LEFT JOIN (${floors([domain])}) kept USING (source, topic, shard)
  ) shards
  WHERE head_last IS NULL OR head_last <> coalesce(last, floor - 1)
     OR events <> last - floor + 1 OR first <> floor`;

// What lies between a cursor and the end of the log is on its way. What is parked is behind the cursor, so that it is not handled
// from the log as well; a dead letter waits for an operator, and nothing is wrong with the books.
const handledOnceOrParked = (domains: readonly string[]): string => `
  SELECT min(shard) AS subject, pending,
         CASE WHEN pending THEN format('%s %s of %s wait(s) for %s', sum(events), topic, source, subscriber)
              ELSE format('%s has handled %s more %s of %s than there are', subscriber, sum(-events), topic, source)
         END AS sentence,
         jsonb_build_object('subscriber', subscriber, 'topic', topic, 'source', source, 'events', sum(events)) AS facts
  FROM (
    SELECT subscriber, topic, source, shard, coalesce(head.last, 0) - cursor.position AS events, coalesce(head.last, 0) > cursor.position AS pending
    FROM (${cursors(domains)}) cursor
    LEFT JOIN (${heads(domains)}) head USING (source, topic, shard)
  ) delivery
  WHERE events <> 0
  GROUP BY subscriber, topic, source, pending
  UNION ALL
  SELECT min(shard), true,
         CASE state WHEN 'DEAD' THEN format('%s dead letter(s) of %s: %s of %s', count(*), subscriber, topic, source)
                    ELSE format('%s %s of %s parked for %s', count(*), topic, source, subscriber) END,
         jsonb_build_object('subscriber', subscriber, 'topic', topic, 'source', source, 'state', state, 'events', count(*))
  FROM (${parked(domains)}) parked
  GROUP BY subscriber, topic, source, state
  UNION ALL
  SELECT parked.subject::bigint, false,
         CASE WHEN log.event_id IS DISTINCT FROM parked.event_id THEN format('%s has %s parked, which the log of %s does not have', subscriber, parked.event_id, source)
              ELSE format('%s has %s parked, and has still to come to it in the log of %s', subscriber, parked.event_id, source) END,
         jsonb_build_object('subscriber', subscriber, 'source', source, 'event', parked.event_id, 'position', position)
  FROM (${parked(domains)}) parked
  LEFT JOIN (${cursors(domains)}) AS cursor (subscriber, topic, source, shard, reached) USING (subscriber, topic, source, shard)
  LEFT JOIN (${floors(domains)}) kept USING (source, topic, shard)
  LEFT JOIN (${logs(domains)}) log USING (source, topic, shard, position)
  WHERE parked.position > coalesce(cursor.reached, 0)
     OR (log.event_id IS DISTINCT FROM parked.event_id AND parked.position >= coalesce(kept.floor, 1))`;

// A subscriber makes its cursors in all shards at once. Where one is gone, the events of that shard reach it no more, or all of them again.
const placesInEveryShard = (domains: readonly string[]): string => `
  SELECT min(shard) AS subject, false AS pending,
         format('%s has no cursor in shard %s of %s of %s', subscriber, string_agg(shard::text, ', ' ORDER BY shard), topic, source) AS sentence,
         jsonb_build_object('subscriber', subscriber, 'topic', topic, 'source', source, 'shards', count(*)) AS facts
  FROM (SELECT DISTINCT subscriber, topic, source FROM (${cursors(domains)}) cursor) subscription
  JOIN (${heads(domains)}) head USING (source, topic)
  LEFT JOIN (${cursors(domains)}) cursor USING (subscriber, topic, source, shard)
  WHERE cursor.position IS NULL
  GROUP BY subscriber, topic, source`;

/** @param domains those with an event log. */
export const eventChecks = (domains: readonly string[]): readonly Check[] => [
  ...domains.map((domain): Check => ({
    id: '5.1',
    title: 'event positions run from the oldest event kept to the last one without gap',
    examines: 'events',
    reads: [domain],
    findings: positionsWithoutGap(domain),
  })),
  {
    id: '5.2',
    title: 'each event is handled once by each subscriber, or parked',
    examines: 'cursors',
    reads: domains,
    findings: handledOnceOrParked(domains),
  },
  {
    id: '5.3',
    title: 'each subscriber has a cursor in every shard',
    examines: 'cursors',
    reads: domains,
    findings: placesInEveryShard(domains),
  },
];
