import type { LoggedEvent, ShardPosition } from './event-log.js';

/** Which shards they are of. */
export const shardsOf = (events: readonly LoggedEvent[]): number[] => [...new Set(events.map(({ shard }) => shard))];

/** The last event of each shard; `events` is ordered by shard and position. */
export const endsOf = (events: readonly LoggedEvent[]): ShardPosition[] => [
  ...new Map(events.map(({ shard, position }) => [shard, { shard, position }])).values(),
];

/** Those events that follow the locked cursors without a gap: what another process has handled meanwhile is left out. */
export function continuing(events: readonly LoggedEvent[], locked: readonly ShardPosition[]): LoggedEvent[] {
  const next = new Map(locked.map(({ shard, position }) => [shard, position + 1]));
  return events.filter(({ shard, position }) => {
    if (next.get(shard) !== position) return false;
    next.set(shard, position + 1);
    return true;
  });
}
