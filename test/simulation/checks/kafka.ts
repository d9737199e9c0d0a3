import { eventCatalogue } from '../../../src/event-catalogue.js';
import { relayOf } from '../../../src/messaging/kafka/event-relay.js';
import { type IncomingMessage, receivedEventOf } from '../../../src/messaging/kafka/messages.js';
import type { MemoryBroker } from '../kafka/memory-broker.js';
import { cursorKey } from '../store/memory-cursor-store.js';
import type { CursorRow } from '../store/memory-database.js';
import type { World } from '../world.js';

type Watch = World['database']['watch'];

/** Y1: a relay's cursor stands on what Kafka has had. Looked at in each commit that moves one; `others` look, too. */
export function watchRelays(world: World, broker: MemoryBroker, others: Watch): Watch {
  return (table, before, after, nowMs, key) => {
    others(table, before, after, nowMs, key);
    if (table !== 'event_cursor' || !String(key).includes('.kafka-relay ')) return;
    const [subscriber = '', type = '', source = '', shard] = String(key).split(' ');
    const { position } = after as CursorRow;
    const sent = broker.sentUpTo(type, source, Number(shard));
    if (subscriber === relayOf(source) && position > sent) {
      world.violations.push(`Y1: the relay of ${type} of ${source} stands at ${position} in shard ${shard}, and Kafka has had ${sent}`);
    }
  };
}

/** M1, N4: offsets come after the database. What a group says to have dealt with, its subscriber has handled, or a later message brings it. */
export function assertDealtWith(
  { database, violations }: World,
  group: string,
  dealtWith: readonly IncomingMessage[],
  ahead: readonly IncomingMessage[],
): void {
  const comesAgain = new Set(ahead.filter(isLogged).map((message) => placeOf(message)));
  for (const message of dealtWith) {
    if (!isLogged(message)) continue;
    const { type, source, shard, position } = receivedEventOf(message).event;
    if (!eventCatalogue.entry(type).subscribers.includes(group) || comesAgain.has(placeOf(message))) continue;
    const stored = database.eventCursor.rows.get(cursorKey({ subscriber: group, type, source }, shard))?.position ?? 0;
    if (position > stored) {
      violations.push(`M1: ${group} committed the offset of ${type} of ${source} ${shard}/${position}, and has handled ${stored}`);
    }
  }
}

const isLogged = ({ headers }: IncomingMessage): boolean => headers.has('position');

function placeOf(message: IncomingMessage): string {
  const { type, source, shard, position } = receivedEventOf(message).event;
  return `${type} ${source} ${shard}/${position}`;
}
