import { eventCatalogue } from '../../../src/event-catalogue.js';
import { relayOf } from '../../../src/messaging/kafka/event-relay.js';
import { isSimulated } from '../domains.js';
import { cursorKey } from '../store/memory-cursor-store.js';
import type { MemoryDatabase } from '../store/memory-database.js';

/** R2: drops from each log what its relay and all its subscribers have passed, where nobody holds the gate. */
export function cutLogs(database: MemoryDatabase): void {
  for (const [source, log] of database.logs) {
    if (database.logGate.locks.has(source)) continue;
    for (const { type, shard } of [...log.shards()]) {
      const readers = [relayOf(source), ...eventCatalogue.entry(type).subscribers.filter(isSimulated)];
      const positions = readers.map(
        (subscriber) => database.eventCursor.rows.get(cursorKey({ subscriber, type, source }, shard))?.position ?? 0,
      );
      log.retire(type, shard, Math.min(...positions) + 1);
    }
  }
}
